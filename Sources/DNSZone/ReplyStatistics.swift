// What replies were: counters that each thread writes for itself and any thread reads.

import DNSWire
import Synchronization

/// The replies of all threads.
package final class ReplyStatistics: Sendable {
  private let tallies = Mutex<[ReplyTally]>([])

  package init() {}

  /// For one thread that answers.
  func makeTally() -> ReplyTally {
    let tally = ReplyTally()
    tallies.withLock { $0.append(tally) }
    return tally
  }

  /// What was counted since the start.
  package var counts: ReplyCounts {
    tallies.withLock { tallies in
      tallies.reduce(into: ReplyCounts()) { $1.add(to: &$0) }
    }
  }
}

/// A sum over all threads; every number only grows.
package struct ReplyCounts: Equatable, Sendable {
  package struct Kind: Hashable, Sendable {
    package let isUDP: Bool
    /// The mnemonic of the type that was asked for, or `other`.
    package let type: String
    /// The mnemonic of the response code, or `other`.
    package let code: String
  }

  /// Kinds that did not occur are not in it.
  package var byKind: [Kind: Int] = [:]
  /// Octets of replies.
  package var udpSizes = Histogram(bounds: sizeBounds)
  package var tcpSizes = Histogram(bounds: sizeBounds)
  /// Seconds from when a batch of queries had been received until its replies were ready, once for
  /// each reply.
  package var durations = Histogram(bounds: Histogram.durationBounds)

  package init() {}

  /// Powers of two up to the longest message.
  fileprivate static let sizeBounds: [Double] = (6...16).map { Double(1 << $0) }
}

/// The numbers of one thread, which alone writes them: plain loads and stores, no locked
/// instruction.
final class ReplyTally: Sendable {
  private static let types: [RecordType] = [
    .a, .ns, .cname, .soa, .ptr, .mx, .txt, .aaaa, .srv, .ds, .svcb, .https, .any,
  ]
  /// The place of each type below 256: one look instead of thirteen.
  private static let places: [UInt8] = (0..<256).map { number in
    UInt8(types.firstIndex { Int($0.rawValue) == number } ?? types.count)
  }
  private static let codes = (0..<24).map { number in
    ResponseCode(rawValue: number).mnemonic ?? "other"
  }
  private static let sizeClasses = 12
  private static let durationClasses = Histogram.durationBounds.count + 1

  private typealias Counter = Atomic<UInt64>

  // One allocation, so that no other thread's numbers are between these: kinds over UDP, kinds over
  // TCP, then for UDP and TCP the classes of size and the octets, then the classes of duration and
  // the nanoseconds.
  nonisolated(unsafe) private let counters: UnsafeMutablePointer<Counter>
  nonisolated(unsafe) private let places: UnsafeMutablePointer<UInt8>

  private static var kinds: Int { (types.count + 1) * codes.count }
  private static var sizesStart: Int { 2 * kinds }
  private static var durationsStart: Int { sizesStart + 2 * (sizeClasses + 1) }
  private static var count: Int { durationsStart + durationClasses + 1 }

  init() {
    counters = UnsafeMutableRawPointer.allocate(byteCount: Self.count * 8 + 128, alignment: 128)
      .bindMemory(to: Counter.self, capacity: Self.count)
    for index in 0..<Self.count { (counters + index).initialize(to: Counter(0)) }
    places = .allocate(capacity: Self.places.count)
    places.initialize(from: Self.places, count: Self.places.count)
    kindsOfTransport = Self.kinds
    sizesStart = Self.sizesStart
  }

  // Constants that a static property would have to be asked for.
  private let kindsOfTransport: Int
  private let sizesStart: Int

  deinit {
    counters.deallocate()
    places.deallocate()
  }

  // MARK: The thread that answers

  @inline(__always)
  func count(_ type: RecordType, _ code: ResponseCode, length: Int, isUDP: Bool) {
    let type = Int(places[type.rawValue < 256 ? Int(type.rawValue) : 0])
    let code = min(Int(code.rawValue), 23)
    add(1, at: (isUDP ? 0 : kindsOfTransport) + type * 24 + code)
    let sizes = sizesStart + (isUDP ? 0 : Self.sizeClasses + 1)
    // The class of 64 octets and less is 0.
    let bits = Int.bitWidth - (max(length, 1) - 1).leadingZeroBitCount
    add(1, at: sizes + min(max(bits - 6, 0), Self.sizeClasses - 1))
    add(UInt64(length), at: sizes + Self.sizeClasses)
  }

  /// - Parameters:
  ///   - nanoseconds: that each of the replies took.
  ///   - count: of replies.
  func countBatch(nanoseconds: Int64, count: Int) {
    guard count > 0 else { return }
    let start = Self.durationsStart
    // Bounds are powers of four, in microseconds from 4 on.
    let microseconds = max(nanoseconds - 1, 0) / 1_000
    let bits = Int64.bitWidth - microseconds.leadingZeroBitCount
    let place = max((bits + 1) / 2 - 1, 0)
    add(UInt64(count), at: start + min(place, Self.durationClasses - 1))
    add(UInt64(max(nanoseconds, 0)) &* UInt64(count), at: start + Self.durationClasses)
  }

  @inline(__always) private func add(_ number: UInt64, at place: Int) {
    let counter = counters + place
    counter.pointee.store(
      counter.pointee.load(ordering: .relaxed) &+ number, ordering: .relaxed)
  }

  // MARK: Any thread

  func add(to sum: inout ReplyCounts) {
    for isUDP in [true, false] {
      for type in 0...Self.types.count {
        for code in Self.codes.indices {
          let place = (isUDP ? 0 : Self.kinds) + type * Self.codes.count + code
          let number = number(place)
          guard number > 0 else { continue }
          let name = type < Self.types.count ? Self.types[type].description : "other"
          let kind = ReplyCounts.Kind(isUDP: isUDP, type: name, code: Self.codes[code])
          sum.byKind[kind, default: 0] += number
        }
      }
    }
    addClasses(Self.sizesStart, Self.sizeClasses, to: &sum.udpSizes, unit: 1)
    addClasses(Self.sizesStart + Self.sizeClasses + 1, Self.sizeClasses, to: &sum.tcpSizes, unit: 1)
    addClasses(Self.durationsStart, Self.durationClasses, to: &sum.durations, unit: 1e-9)
  }

  private func addClasses(_ start: Int, _ count: Int, to sum: inout Histogram, unit: Double) {
    for place in 0..<count { sum.add(number(start + place), at: place, sum: 0) }
    sum.add(0, at: 0, sum: Double(number(start + count)) * unit)
  }

  private func number(_ place: Int) -> Int { Int(counters[place].load(ordering: .relaxed)) }
}
