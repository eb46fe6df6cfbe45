// Which record of an RRset comes first in which turn.

/// How the turns of a weighted RRset are shared out.
///
/// The weights, divided by their greatest common divisor, lie side by side on a line of W slots.
/// Turn c takes slot (c·s) mod W, and the record in whose share it lies comes first. As s is
/// coprime to W, any W turns visit every slot once, which makes the shares exact; as s is near
/// W/φ, turns of the same record lie as evenly apart as can be.
struct Rotation: Equatable {
  /// For each record, the slot after its share.
  let shareEnds: [UInt64]
  /// s, coprime to the number of slots.
  let step: UInt64

  /// - Returns: nil when all weights are equal: then turn c starts with record c mod n.
  init?(weights: [UInt32]) {
    guard let first = weights.first, weights.contains(where: { $0 != first }) else { return nil }
    let divisor = weights.reduce(0) { greatestCommonDivisor($0, UInt64($1)) }
    var end: UInt64 = 0
    shareEnds = weights.map {
      end += UInt64($0) / divisor
      return end
    }
    step = Self.step(for: end)
  }

  /// The number coprime to `slots` that is nearest to slots/φ, the smaller one of two.
  private static func step(for slots: UInt64) -> UInt64 {
    let golden = UInt64((Double(slots) * 0.618_033_988_749_894_9).rounded())
    for distance in 0..<slots {
      for candidate in [golden &- distance, golden + distance]
      where candidate > 0 && candidate < slots && greatestCommonDivisor(candidate, slots) == 1 {
        return candidate
      }
    }
    return 1
  }
}

private func greatestCommonDivisor(_ left: UInt64, _ right: UInt64) -> UInt64 {
  var (left, right) = (left, right)
  while right != 0 { (left, right) = (right, left % right) }
  return left
}
