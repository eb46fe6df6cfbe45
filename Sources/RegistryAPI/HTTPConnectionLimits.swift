// What HTTP clients may take.

/// Limits of HTTP connections, over all listeners together. None can be switched off.
package struct HTTPConnectionLimits: Sendable {
  /// Connections at once. A further one closes the one that has waited longest for a request.
  package var connections = 1_000
  /// Connections beside these that get 503, where none can be closed for them; more are closed.
  package var surplus = 100
  /// Connections at once from one IPv4 address, or from one /64 of IPv6 addresses, that is not
  /// this machine's own.
  package var fromOneAddress = 100
  /// Seconds that a request may take to arrive, from its first octet to its last; the first one of
  /// a connection from when it was accepted, a handshake of TLS included.
  package var requestSeconds = 10
  /// Seconds that a client may take to make room for what it was sent.
  package var sendSeconds = 30
  /// Seconds for which a reply that the client does not take keeps its connection from being
  /// closed for another one.
  package var graceSeconds = 2
  /// Octets that all clients together have not taken of their replies. Beyond, the client that has
  /// not taken its reply for longest goes. Only what a connection has beyond the channel's
  /// own buffer of 64 KiB is counted.
  package var unsentOctets = 64 * 1024 * 1024
  /// Connections beside ``connections`` whose client waits for changes or is sent events.
  package var watchers = 20_000
  /// Of these from one address, as for ``fromOneAddress``.
  package var watchersFromOneAddress = 2_000
  /// Octets of events that came while a watcher took nothing of what it was sent, for
  /// ``graceSeconds`` at least. Beyond, its connection is closed.
  package var watcherUnsentOctets = 1024 * 1024
  /// Seconds after which a watcher is sent something though nothing has happened.
  package var heartbeatSeconds = 15

  package init() {}
}

/// Why the server closed a connection, or did not let it in.
package enum HTTPCloseReason: String, Sendable, CaseIterable {
  /// The client ended it, it was idle for too long, or it was closed after its last reply.
  case ended
  /// It made room for a new one at ``HTTPConnectionLimits/connections``.
  case connectionLimit = "connection_limit"
  /// It was one too many at ``HTTPConnectionLimits/fromOneAddress``.
  case addressLimit = "address_limit"
  /// It got 503, or nothing, while all others were being answered.
  case overload
  /// The client did not take its reply for ``HTTPConnectionLimits/sendSeconds``.
  case notReading = "not_reading"
  /// The replies that clients do not take passed ``HTTPConnectionLimits/unsentOctets``.
  case unsentLimit = "unsent_limit"
  /// Events passed ``HTTPConnectionLimits/watcherUnsentOctets``.
  case slowWatcher = "slow_watcher"

  /// Whether another connection is to have its place, so that it stays if it is in use.
  var makesRoom: Bool { self == .connectionLimit || self == .addressLimit }
}

/// A sum over all listeners since they started; every number but `open` only grows.
package struct HTTPConnectionCounters: Sendable, Equatable {
  /// Connections that came, refused ones included.
  package var accepted = 0
  package var open = 0
  /// Connections that ended, by reason. A reason that did not occur is not in it.
  package var closed: [HTTPCloseReason: Int] = [:]
  /// Octets of replies beyond the channels' own buffers that clients have not taken.
  package var unsentOctets = 0
  /// Of requests' bodies, as they came.
  package var receivedOctets = 0
  /// Of replies' bodies, as they were written.
  package var sentOctets = 0
}
