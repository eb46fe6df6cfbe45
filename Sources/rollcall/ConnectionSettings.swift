// How much the clients of DNS over TCP and of the API may take, as an operator sets it.

import DNSTransport
import RegistryAPI

/// What the limits of connections can be set to. Each connection takes a descriptor; all of them
/// at their highest are fewer than the million that Linux lets a process have (`fs.nr_open`).
enum ConnectionSettings {
  static let connections = 1...100_000
  static let watchers = 1...500_000
  static let seconds = 1...3_600
  /// The lowest is what a connection holds anyhow before it counts as full.
  static let watcherUnsentOctets = 64 * 1024...1024 * 1024 * 1024
}

extension SettingsReader {
  func tcpLimits() throws -> TCPLimits {
    let usual = TCPLimits()
    return TCPLimits(
      connections: try number(
        .tcpConnections, in: ConnectionSettings.connections, default: usual.connections),
      connectionsFromOneAddress: try number(
        .tcpConnectionsPerAddress, in: ConnectionSettings.connections,
        default: usual.connectionsFromOneAddress),
      idle: .seconds(
        try number(
          .tcpIdleSeconds, in: ConnectionSettings.seconds,
          default: Int(usual.idle.components.seconds))))
  }

  func httpLimits() throws -> HTTPConnectionLimits {
    var limits = HTTPConnectionLimits()
    limits.connections = try number(
      .httpConnections, in: ConnectionSettings.connections, default: limits.connections)
    limits.fromOneAddress = try number(
      .httpConnectionsPerAddress, in: ConnectionSettings.connections,
      default: limits.fromOneAddress)
    limits.requestSeconds = try number(
      .httpRequestSeconds, in: ConnectionSettings.seconds, default: limits.requestSeconds)
    limits.watchers = try number(
      .watchers, in: ConnectionSettings.watchers, default: limits.watchers)
    limits.watchersFromOneAddress = try number(
      .watchersPerAddress, in: ConnectionSettings.watchers,
      default: limits.watchersFromOneAddress)
    limits.watcherUnsentOctets = try number(
      .watcherUnsentOctets, in: ConnectionSettings.watcherUnsentOctets,
      default: limits.watcherUnsentOctets)
    return limits
  }
}
