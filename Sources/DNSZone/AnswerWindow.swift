// Answers that may hold fewer records than an RRset has: which ones, in which turn.

import Glibc

/// Which records the answer of a turn holds: the ones from `start` on, going round, until there are
/// enough.
struct WindowTurn: Equatable {
  /// The first record of the window.
  let start: Int
  /// How far into the window the answer begins; what comes before follows at its end.
  var offset = 0
  /// The record that comes before all others, wherever the window is; nil where the offset says.
  var first: Int?

  /// With equal weights. The window moves by its own length, so `ceil(count / size)` answers hold
  /// every record; when it comes back to the same place it begins one record later.
  ///
  /// - Parameters:
  ///   - turn: not below 0.
  ///   - size: records of the window, from 1 to `count` - 1.
  ///   - count: records of the RRset.
  init(turn: Int, size: Int, count: Int) {
    let divisor = greatestCommonDivisor(size, count)
    start = turn % count * size % count
    offset = turn / (count / divisor) % divisor
  }

  /// With weights of their own: `first` by its share, and then a window that has one record less
  /// and moves by that.
  init(turn: Int, size: Int, count: Int, first: Int) {
    start = turn % count * (size - 1) % count
    self.first = first
  }
}

/// What an RRset keeps in its memory to answer with fewer records than it has: the most that an
/// answer holds, how many there are, whether weights count; then at which entry each record
/// begins, then the weights.
struct AnswerWindow {
  private let words: UnsafePointer<UInt64>

  init(words: UnsafePointer<UInt64>) {
    self.words = words
  }

  private static let headerLength = 3

  /// Records of an answer.
  var size: Int { Int(words[0]) }
  /// Records of the RRset; each has an entry at least.
  var count: Int { Int(words[1]) }
  private var isWeighted: Bool { words[2] != 0 }

  private var weights: WeightTable {
    let memory = UnsafeMutableRawPointer(mutating: words + Self.headerLength + count)
    return WeightTable(memory: memory, count: count)
  }

  private var length: Int { Self.headerLength + count + (isWeighted ? count + 1 : 0) }

  /// What the answer of that turn holds.
  func turn(_ turn: Int) -> WindowTurn {
    guard isWeighted else { return WindowTurn(turn: turn, size: size, count: count) }
    return WindowTurn(
      turn: turn, size: size, count: count, first: weights.first(in: UInt64(turn)))
  }

  /// The entries of a record.
  ///
  /// - Parameter entries: how many the RRset has.
  func entries(of record: Int, of entries: Int) -> Range<Int> {
    let starts = words + Self.headerLength
    return Int(starts[record])..<(record + 1 < count ? Int(starts[record + 1]) : entries)
  }

  func isEqual(to other: AnswerWindow) -> Bool {
    length == other.length
      && memcmp(words, other.words, length * MemoryLayout<UInt64>.stride) == 0
  }

  /// What it is made from, as it is kept.
  struct Content {
    let words: [UInt64]
    /// Records of an answer.
    let size: Int
    /// The entry at which each record begins.
    let starts: [Int]

    /// - Parameters:
    ///   - size: from 1 to the number of records less one.
    ///   - weights: of each record.
    ///   - entryCounts: entries of each record; nil: one.
    init(size: Int, weights: [UInt64], entryCounts: [Int]?) {
      var starts = Array(weights.indices)
      if let entryCounts {
        var next = 0
        starts = entryCounts.map { count in
          defer { next += count }
          return next
        }
      }
      let rotation = Rotation(weights: weights)
      words =
        [UInt64(size), UInt64(weights.count), rotation == nil ? 0 : 1] + starts.map(UInt64.init)
        + (rotation.map { [$0.step] + $0.shareEnds } ?? [])
      self.size = size
      self.starts = starts
    }
  }
}
