// What the UDP workers count.

/// A sum over all workers and addresses since they started; every number only grows.
package struct UDPCounters: Sendable, Equatable {
  /// Datagrams that came in, dropped ones included.
  package var received = 0
  /// Replies that the kernel took to send.
  package var replied = 0
  /// Datagrams that found the receive buffer full, so that the kernel dropped them; they are not in
  /// `received`. Modulo 2^32 for each worker, and 0 after the shutdown.
  package var overflowed = 0
  /// Datagrams that were not handed on: shorter than a header, or from port 0.
  package var dropped = 0
  /// Replies that the kernel refused to send.
  package var sendErrors = 0
}

/// The numbers of one worker, which alone writes them.
final class UDPWorkerCounters: Sendable {
  private let before = CacheLinePadding()
  let received = ThreadCounter()
  let replied = ThreadCounter()
  let dropped = ThreadCounter()
  let sendErrors = ThreadCounter()
  /// Batches received and answered, empty ones included.
  let rounds = ThreadCounter()
  private let after = CacheLinePadding()

  func add(to sum: inout UDPCounters) {
    sum.received += received.count
    sum.replied += replied.count
    sum.dropped += dropped.count
    sum.sendErrors += sendErrors.count
  }
}
