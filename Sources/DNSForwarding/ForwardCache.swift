// What other servers have said, for as long as they allow, and longer while they say nothing.

import DNSClient
import DNSWire
import DNSZone

/// Answers by question. It knows neither servers nor clients.
///
/// Two generations: what is stored or found is young; when the young ones fill half of the room,
/// they become the old ones, and what was old and not asked for since is gone.
struct ForwardCache {
  /// Seconds for which an answer may be kept: as long as it says, and no longer than a day.
  static let longestSeconds: UInt32 = 86_400
  /// The same for one that says that there is nothing (RFC 2308 section 5).
  static let longestNegativeSeconds: UInt32 = 3_600
  /// After which what has ended is served no more, though no server replies (RFC 8767 section 5).
  static let staleSeconds: BootTime = 86_400
  /// The TTL of what has ended (RFC 8767 section 4).
  static let staleTTL: UInt32 = 30

  enum Finding {
    case fresh(ForeignAnswer)
    /// It has ended, and serves if no server replies.
    case stale(ForeignAnswer)
    case absent
  }

  private struct Entry {
    let answer: ForeignAnswer
    let storedAt: BootTime
    let endsAt: BootTime
    let octets: Int
  }

  private struct Generation {
    var entries: [DNSQuestion: Entry] = [:]
    var octets = 0

    mutating func store(_ entry: Entry, for question: DNSQuestion) {
      octets += entry.octets - (entries.updateValue(entry, forKey: question)?.octets ?? 0)
    }

    mutating func remove(_ question: DNSQuestion) -> Entry? {
      guard let entry = entries.removeValue(forKey: question) else { return nil }
      octets -= entry.octets
      return entry
    }
  }

  private var young = Generation()
  private var old = Generation()
  private let limit: Int

  /// - Parameter limit: octets of all answers, about.
  init(limit: Int) {
    self.limit = limit
  }

  var count: Int { young.entries.count + old.entries.count }
  var octets: Int { young.octets + old.octets }

  mutating func look(up question: DNSQuestion, at now: BootTime) -> Finding {
    if let entry = old.remove(question) { keep(entry, for: question) }
    guard let entry = young.entries[question] else { return .absent }
    if now < entry.endsAt { return .fresh(entry.answer.aged(by: now - entry.storedAt)) }
    guard now < entry.endsAt + Self.staleSeconds * 1_000_000_000 else {
      _ = young.remove(question)
      return .absent
    }
    return .stale(entry.answer.stale)
  }

  /// Stores what may be kept at all.
  mutating func store(_ answer: ForeignAnswer, for question: DNSQuestion, at now: BootTime) {
    let seconds = answer.secondsToKeep(question)
    guard seconds > 0 else { return }
    let entry = Entry(
      answer: answer, storedAt: now, endsAt: now + BootTime(seconds) * 1_000_000_000,
      octets: question.name.wire.count + answer.octets)
    guard entry.octets <= limit / 4 else { return }
    _ = old.remove(question)
    keep(entry, for: question)
  }

  private mutating func keep(_ entry: Entry, for question: DNSQuestion) {
    young.store(entry, for: question)
    guard young.octets > limit / 2 else { return }
    old = young
    young = Generation()
    // Whoever has looked is to find it among the young.
    if let entry = old.remove(question) { young.store(entry, for: question) }
  }
}

extension ForeignAnswer {
  /// Of an answer and of a record besides its octets: what the memory of either takes, about.
  private static let overhead = 200
  private static let recordOverhead = 100

  fileprivate var records: [ResourceRecord] { answer + authority + additional }

  fileprivate var octets: Int {
    records.reduce(Self.overhead) {
      $0 + $1.owner.wire.count + $1.rdata.count + Self.recordOverhead
    }
  }

  /// The least TTL of all. A negative answer's records include the SOA, whose TTL has been made
  /// that of the negative answer; without one it can't be kept (RFC 2308 section 5), though aliases
  /// lead to it.
  fileprivate func secondsToKeep(_ question: DNSQuestion) -> UInt32 {
    guard code == .noError || code == .nameError else { return 0 }
    let least = records.map(\.ttl).min() ?? 0
    let isNegative =
      code == .nameError || answer.isEmpty
      || question.type != .any && !answer.contains { $0.type == question.type }
    guard !isNegative || authority.contains(where: { $0.type == .soa }) else { return 0 }
    return min(
      least, isNegative ? ForwardCache.longestNegativeSeconds : ForwardCache.longestSeconds)
  }

  fileprivate func aged(by age: BootTime) -> ForeignAnswer {
    let seconds = UInt32(clamping: age / 1_000_000_000)
    return mappingTTLs { $0 > seconds ? $0 - seconds : 0 }
  }

  fileprivate var stale: ForeignAnswer {
    var stale = mappingTTLs { _ in ForwardCache.staleTTL }
    // RFC 8914 sections 4.4 and 4.20
    stale.extendedError = code == .nameError ? .staleNameErrorAnswer : .staleAnswer
    return stale
  }

  private func mappingTTLs(_ map: (UInt32) -> UInt32) -> ForeignAnswer {
    func mapped(_ records: [ResourceRecord]) -> [ResourceRecord] {
      records.map { record in
        var record = record
        record.ttl = map(record.ttl)
        return record
      }
    }
    var copy = self
    copy.answer = mapped(answer)
    copy.authority = mapped(authority)
    copy.additional = mapped(additional)
    return copy
  }
}
