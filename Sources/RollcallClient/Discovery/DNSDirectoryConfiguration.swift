// What can be set of a directory.

import DNSClient
import DNSWire

extension DNSDirectory {
  /// Which servers are asked, for what, and for how long answers count.
  public struct Configuration: Sendable {
    /// Servers that a list may hold.
    public static let serverLimit = 16

    /// The addresses of DNS servers, `192.0.2.1:5300` or `[2001:db8::1]:5300`; without a port it is
    /// 53. They are to know the same: one is asked after another until one answers. 1 to 16.
    public var servers: [String]
    /// The service zone.
    public var zone: String
    /// For a reply, above 0 and at most a minute.
    public var timeout: Duration = .milliseconds(500)
    /// How often each server is asked before there is no answer, 1 to 10.
    public var rounds = 3
    /// How long instances are served after their TTL while no server replies; 0 to a week.
    public var staleFor: Duration = .seconds(3_600)
    /// Services that are remembered at most, 1 to 1,000,000; the least recently used is forgotten.
    public var nameLimit = 10_000
    /// Which address of an instance is taken that has one of either family; of several of that
    /// family, the least.
    public var prefersIPv6 = false

    /// - Parameters:
    ///   - servers: addresses with a port or without; a Rollcall server's own by default.
    ///   - zone: the service zone.
    public init(servers: [String] = ["127.0.0.1:5300"], zone: String = "mesh.internal") {
      self.servers = servers
      self.zone = zone
    }
  }
}

extension DNSDirectory.Configuration {
  private static let longestTimeout = Duration.seconds(60)
  private static let mostRounds = 10
  private static let longestStale = Duration.seconds(7 * 86_400)
  private static let mostNames = 1_000_000

  func nameServers() throws(RollcallError) -> [NameServer] {
    try require(1...Self.serverLimit ~= servers.count, "servers: 1 to \(Self.serverLimit)")
    try require(
      timeout > .zero && timeout <= Self.longestTimeout,
      "timeout: above 0 and at most \(Self.longestTimeout)")
    try require(1...Self.mostRounds ~= rounds, "rounds: 1 to \(Self.mostRounds)")
    try require(
      .zero...Self.longestStale ~= staleFor, "staleFor: 0 to \(Self.longestStale)")
    try require(1...Self.mostNames ~= nameLimit, "nameLimit: 1 to \(Self.mostNames)")
    var servers: [NameServer] = []
    for text in self.servers {
      guard let server = NameServer(text) else {
        throw RollcallError(
          .setting,
          "the DNS server '\(text)' is no address; write it like 127.0.0.1:5300 or [::1]:5300")
      }
      servers.append(server)
    }
    return servers
  }

  func zoneName() throws(RollcallError) -> DomainName {
    do throws(DomainNameError) {
      return try DomainName(zone)
    } catch {
      throw RollcallError(.setting, "zone: '\(zone)' is no domain name: \(error)")
    }
  }

  private func require(_ condition: Bool, _ rule: String) throws(RollcallError) {
    guard condition else { throw RollcallError(.setting, rule) }
  }
}
