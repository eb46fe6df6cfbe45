// Counts the replies to each network, for all threads together, in a table that never grows.
//
// One table for all threads: the kernel spreads a network's queries over the workers as its ports
// fall, so shares of the rate in a table for each worker would give some networks a fraction of
// it. An entry is one word, its network's tag above a moment (`ReplyAllowance`), changed by
// compare and exchange. Threads meet at a word only where they answer the same network, and a
// network beyond its rate is only read.
//
// A network's entry is in one set of eight, a cache line. Where all eight are others', the one that
// is worked off soonest gives way: what is far beyond its rate stays in, however many networks
// a forger makes up.

import DNSWire
import Synchronization

package final class RateLimiter: @unchecked Sendable {
  // Sound: the words are atomic, all else is constant or behind a lock.

  private static let sets = 8_192
  private static let ways = 8

  let limit: RateLimit
  private let allowance: ReplyAllowance
  private let words: UnsafeMutablePointer<Atomic<UInt64>>
  /// Nobody outside can tell which networks share a set.
  private let keys = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max) | 1)
  private let tallies = Mutex<[RateLimitTally]>([])
  private let limited = Mutex(LimitedNetworks())

  package init(_ limit: RateLimit) {
    self.limit = limit
    allowance = ReplyAllowance(perSecond: limit.perSecond)
    let count = Self.sets * Self.ways
    words = UnsafeMutableRawPointer.allocate(byteCount: count * 8, alignment: 64)
      .bindMemory(to: Atomic<UInt64>.self, capacity: count)
    for index in 0..<count { (words + index).initialize(to: Atomic(0)) }
  }

  deinit {
    words.deallocate()
  }

  /// For one thread that answers.
  func makeTally() -> RateLimitTally {
    let tally = RateLimitTally()
    tallies.withLock { $0.append(tally) }
    return tally
  }

  /// What was not answered in full so far.
  package var counters: RateLimitCounters {
    tallies.withLock { tallies in
      tallies.reduce(into: RateLimitCounters()) { $1.add(to: &$0) }
    }
  }

  /// Which networks began or ceased to be limited since the last call; to be called once a second.
  package func news(at now: BootTime) -> [RateLimitNews] {
    limited.withLock { $0.news(at: now) }
  }
}

extension RateLimiter {
  enum Verdict {
    case withinRate
    case short
    case silence
  }

  func isExempt(_ client: IPAddress) -> Bool {
    limit.exempt.contains { $0.contains(client) }
  }

  /// Counts a reply to `client`, or says what it gets instead.
  func judge(_ client: IPAddress, at now: BootTime, _ tally: RateLimitTally) -> Verdict {
    let network = RateLimit.network(of: client)
    if take(network, at: ReplyAllowance.moment(now)) { return .withinRate }
    if tally.mayNote(at: now) { _ = limited.withLockIfAvailable { $0.note(network, at: now) } }
    return tally.countLimited(slip: limit.slip) ? .short : .silence
  }

  /// Takes one reply of what `network` may get.
  /// - Returns: false if it has had all.
  func take(_ network: AddressPrefix, at now: ReplyAllowance.Moment) -> Bool {
    let hash = hash(network)
    // Never 0, so that no entry looks empty.
    let tag = (hash | 1) << ReplyAllowance.bits
    let set = words + Int(hash >> 32) & (Self.sets - 1) * Self.ways
    while true {
      let (slot, word) = entry(tag, in: set, at: now)
      let end = word & ~ReplyAllowance.mask == tag ? word & ReplyAllowance.mask : now
      guard let next = allowance.adding(to: end, now: now) else { return false }
      let (isDone, _) = slot.pointee.weakCompareExchange(
        expected: word, desired: tag | next, ordering: .relaxed)
      // Else another thread has just counted a reply here.
      if isDone { return true }
    }
  }

  /// The network's entry, or the one that it may replace.
  private func entry(
    _ tag: UInt64, in set: UnsafeMutablePointer<Atomic<UInt64>>, at now: ReplyAllowance.Moment
  ) -> (slot: UnsafeMutablePointer<Atomic<UInt64>>, word: UInt64) {
    var found = (slot: set, word: UInt64(0))
    var least = UInt64.max
    for way in 0..<Self.ways {
      let word = set[way].load(ordering: .relaxed)
      if word & ~ReplyAllowance.mask == tag { return (set + way, word) }
      let end = word & ReplyAllowance.mask
      let backlog = word == 0 ? 0 : ReplyAllowance.backlog(until: end, now: now)
      if backlog < least {
        least = backlog
        found = (set + way, word)
      }
    }
    return found
  }

  private func hash(_ network: AddressPrefix) -> UInt64 {
    let (high, low) = network.address.words
    let first = (high ^ keys.0).multipliedFullWidth(by: keys.1)
    let second = (first.high ^ first.low ^ low ^ (network.address.isV4 ? 1 << 63 : 0))
      .multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    return second.high ^ second.low
  }
}
