// Every limit of the HTTP API by name.

enum APILimits {
  /// Octets of a request's body.
  static let bodyLength = 64 * 1024
  /// Octets of a request's body that is about many instances.
  static let bulkBodyLength = 16 * 1024 * 1024
  /// Octets of all such bodies that are arriving or being read.
  static let bulkBodiesLength = 64 * 1024 * 1024
  /// Instances that such a request is about.
  static let bulkItems = 50_000
  /// Octets of a request's head: its target, and the names and values of its header.
  static let headLength = 16 * 1024
  static let headerFields = 100
  /// Seconds that a connection without a request stays open. Well above a third of the default
  /// lease, so that a client's next renewal does not meet the closing.
  static let idleSeconds = 75
  /// Connections that may wait to be accepted; the kernel cuts it to net.core.somaxconn.
  static let backlog = 1_024
  /// Items of a list when the client does not say.
  static let defaultPage = 1_000
  /// Items of a list at most.
  static let page = 10_000
  /// Octets of what a list is searched for.
  static let searchLength = 255
  /// Characters of an idempotency key.
  static let idempotencyKeyLength = 255
  /// Replies that are about everything there is, such as a zone's text, at a time.
  static let longReplies = 4
  /// Services that one watcher names.
  static let watchedServices = 64
  /// Seconds that a call may wait for a change, and does if it does not say.
  static let waitSeconds = 300
  static let defaultWaitSeconds = 30
  /// Octets of the texts of the last events; who needs older ones has them made anew.
  static let recentEventsLength = 4 * 1024 * 1024
  /// Octets of events that a watcher is sent before it is looked whether it takes them.
  static let eventsAtOnceLength = 16 * 1024
}
