// Memory for bodies that are arriving, shared by all connections.

import Synchronization

/// Bounds what bodies of bulk calls take together: each connection could bring one, and take its
/// time. Nothing waits for room; whoever finds none is told to come again.
final class BodyRoom: Sendable {
  private let limit: Int
  private let taken = Atomic(0)

  init(octets: Int) {
    limit = octets
  }

  /// - Returns: false when there is not so much room; then nothing is taken.
  func take(_ octets: Int) -> Bool {
    let after = taken.add(octets, ordering: .relaxed).newValue
    guard after > limit else { return true }
    giveBack(octets)
    return false
  }

  func giveBack(_ octets: Int) {
    taken.subtract(octets, ordering: .relaxed)
  }
}
