// Which record of a weighted RRset comes first in which turn.

import Glibc

/// How the turns of a weighted RRset are shared out.
///
/// The weights, divided by their greatest common divisor, lie side by side on a line of W slots.
/// Turn c takes slot (c·s) mod W, and the record in whose share it lies comes first. As s is
/// coprime to W, any W turns visit every slot once, which makes the shares exact; as s is near
/// W/φ, turns of the same record lie as evenly apart as can be.
struct Rotation: Equatable {
  /// For each record, the slot after its share.
  private(set) var shareEnds: [UInt64]
  /// s, coprime to the number of slots.
  let step: UInt64

  /// - Returns: nil when all weights are equal: then turn c starts with record c mod n.
  init?(weights: [UInt64]) {
    guard let first = weights.first, weights.contains(where: { $0 != first }) else { return nil }
    let divisor = weights.reduce(0, greatestCommonDivisor)
    var end: UInt64 = 0
    shareEnds = weights.map {
      end += $0 / divisor
      return end
    }
    step = Self.step(for: end)
  }

  /// The rotation of records of which some stand several times, side by side.
  ///
  /// - Parameters:
  ///   - weights: of each record, the sum of those who give it.
  ///   - repetitions: how many entries each has.
  init(weights: [UInt64], repetitions: [Int]) {
    if let rotation = Rotation(weights: weights) {
      self = rotation
    } else {
      shareEnds = weights.indices.map { UInt64($0) + 1 }
      step = 1
    }
    // Entries after a record's first one have no share of their own.
    shareEnds = zip(shareEnds, repetitions).flatMap { Array(repeating: $0, count: $1) }
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

/// A rotation in the memory of an RRset: the step, then where each entry's share ends.
struct WeightTable {
  private let words: UnsafeMutablePointer<UInt64>
  private let count: Int

  /// - Parameter count: of entries.
  init(memory: UnsafeMutableRawPointer, count: Int) {
    words = memory.assumingMemoryBound(to: UInt64.self)
    self.count = count
  }

  private var step: UInt64 { words[0] }
  private func shareEnd(_ index: Int) -> UInt64 { words[1 + index] }

  /// The entry that comes first in that turn.
  func first(in turn: UInt64) -> Int {
    let slots = shareEnd(count - 1)
    // 128 bits between: slots can be many when weights are summed.
    let slot = slots.dividingFullWidth((turn % slots).multipliedFullWidth(by: step)).remainder
    var low = 0
    var high = count - 1
    while low < high {
      let middle = (low + high) / 2
      if slot < shareEnd(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  func store(_ rotation: Rotation) {
    words[0] = rotation.step
    for (index, end) in rotation.shareEnds.enumerated() { words[1 + index] = end }
  }

  func isEqual(to other: WeightTable) -> Bool {
    memcmp(words, other.words, (count + 1) * MemoryLayout<UInt64>.stride) == 0
  }
}

func greatestCommonDivisor<Number: BinaryInteger>(_ left: Number, _ right: Number) -> Number {
  var (left, right) = (left, right)
  while right != 0 { (left, right) = (right, left % right) }
  return left
}
