// What TCP clients may take.

/// Limits of DNS over TCP, over all listening addresses together. None can be switched off.
package struct TCPLimits: Sendable, Equatable {
  /// Connections at once. A further one closes the one longest without a complete query.
  package let connections: Int
  /// Connections at once from one IPv4 address or one /64 of IPv6 addresses.
  /// A further one is closed.
  package let connectionsFromOneAddress: Int
  /// How long a connection may go without a complete query, or without reading replies that wait
  /// for it, before it is closed.
  package let idle: Duration

  /// - Precondition: all are positive.
  package init(
    connections: Int = 1_000, connectionsFromOneAddress: Int = 100, idle: Duration = .seconds(10)
  ) {
    precondition(connections > 0 && connectionsFromOneAddress > 0 && idle > .zero)
    self.connections = connections
    self.connectionsFromOneAddress = connectionsFromOneAddress
    self.idle = idle
  }
}
