// The answer from instances: their records written one after the other, from the turn's first on.

import DNSWire

/// The live records of an RRset, gathered for one reply.
///
/// Gathered once and then written from: a lease may be renewed by the writer meanwhile, and what
/// an answer holds and how long it may be kept have to agree.
struct LiveRecords {
  /// More than any message holds: a record takes sixteen octets at least.
  static let limit = 4_096

  private let entries: UnsafeMutablePointer<InstanceEntry>
  private(set) var count = 0
  /// Octets, each with a compressed owner name.
  private(set) var length = 0
  /// Of all live ones, gathered or not; repetitions included.
  private(set) var soonestEnd = BootTime.never
  /// Whether these are all.
  private(set) var isWhole = true

  /// - Parameter memory: for ``limit`` entries.
  init(memory: UnsafeMutablePointer<InstanceEntry>) {
    entries = memory
  }

  subscript(index: Int) -> InstanceEntry { entries[index] }

  /// Gathers what has not ended at `now` in the order of a turn, as far as `room` octets go.
  ///
  /// - Parameter first: what the turn begins with.
  mutating func gather(_ rrset: InstanceRRset, from first: Int, at now: BootTime, room: Int) {
    self = LiveRecords(memory: entries)
    if let window = rrset.window {
      gather(rrset, window, in: window.turn(first), at: now, room: room)
    } else if rrset.longest <= room && rrset.count <= Self.limit && !rrset.hasRepetitions {
      gather(rrset, first..<rrset.count, at: now)
      gather(rrset, 0..<first, at: now)
    } else {
      gatherWithin(room, rrset, from: first, at: now)
    }
  }

  /// What all but large RRsets need: there is room for every record.
  @inline(__always)
  private mutating func gather(_ rrset: InstanceRRset, _ range: Range<Int>, at now: BootTime) {
    var count = count
    var soonestEnd = soonestEnd
    for index in range {
      let entry = rrset.entry(index)
      let end = entry.instance.leaseEnd
      // Kept if it counts, overwritten by the next one if not.
      entries[count] = entry
      guard end > now else { continue }
      soonestEnd = min(soonestEnd, end)
      count += 1
    }
    if let fixedLength = rrset.fixedRecordLength {
      length += (count - self.count) * fixedLength
    } else {
      for index in self.count..<count { length += entries[index].recordLength(rrset.type) }
    }
    self.count = count
    self.soonestEnd = soonestEnd
  }

  private mutating func gatherWithin(
    _ room: Int, _ rrset: InstanceRRset, from first: Int, at now: BootTime
  ) {
    var index = first
    repeat {
      let entry = rrset.entry(index)
      var isLive = isLive(entry, at: now)
      index += 1
      while rrset.hasRepetitions, index < rrset.count, rrset.entry(index).isRepetition {
        if self.isLive(rrset.entry(index), at: now) { isLive = true }
        index += 1
      }
      if index == rrset.count { index = 0 }
      guard isLive, isWhole else { continue }
      let recordLength = entry.recordLength(rrset.type)
      guard length + recordLength <= room, count < Self.limit else {
        // The rest still bounds the TTL, which is that of the RRset (RFC 2181 section 5.2).
        isWhole = false
        continue
      }
      entries[count] = entry
      count += 1
      length += recordLength
    } while index != first
  }

  // MARK: With a window

  /// Gathers as many live records as an answer may hold.
  private mutating func gather(
    _ rrset: InstanceRRset, _ window: AnswerWindow, in turn: WindowTurn, at now: BootTime,
    room: Int
  ) {
    // All bound the TTL, which is that of the RRset (RFC 2181 section 5.2).
    for index in 0..<rrset.count { _ = isLive(rrset.entry(index), at: now) }
    if let first = turn.first {
      take(1, of: rrset, window, from: first, at: now)
    }
    take(window.size, of: rrset, window, from: turn.start, at: now)
    if turn.offset > 0, count > 0 { rotate(by: turn.offset % count) }
    let gathered = count
    count = 0
    for index in 0..<gathered {
      let recordLength = entries[index].recordLength(rrset.type)
      guard length + recordLength <= room else {
        isWhole = false
        return
      }
      length += recordLength
      count += 1
    }
  }

  /// Takes live records that are not there yet, from record `start` on, going round, until there
  /// are `limit`.
  private mutating func take(
    _ limit: Int, of rrset: InstanceRRset, _ window: AnswerWindow, from start: Int,
    at now: BootTime
  ) {
    let first = count > 0 ? entries[0].word : 0
    for step in 0..<window.count where count < limit {
      let record = start + step < window.count ? start + step : start + step - window.count
      let range = window.entries(of: record, of: rrset.count)
      let entry = rrset.entry(range.lowerBound)
      guard entry.word != first, range.contains(where: { rrset.entry($0).instance.leaseEnd > now })
      else { continue }
      entries[count] = entry
      count += 1
    }
  }

  private func rotate(by offset: Int) {
    var gathered = UnsafeMutableBufferPointer(start: entries, count: count)
    gathered[..<offset].reverse()
    gathered[offset...].reverse()
    gathered.reverse()
  }

  private mutating func isLive(_ entry: InstanceEntry, at now: BootTime) -> Bool {
    let end = entry.instance.leaseEnd
    guard end > now else { return false }
    soonestEnd = min(soonestEnd, end)
    return true
  }

  /// Whether any of those gathered is answered longer than its lease runs.
  var hasHeld: Bool {
    for index in 0..<count where entries[index].instance.isHeld { return true }
    return false
  }

  /// Seconds that the records may be kept: never past the soonest lease end.
  @inline(__always) func ttl(_ rrset: InstanceRRset, at now: BootTime) -> UInt32 {
    rrset.ttl(until: soonestEnd, at: now)
  }
}

extension InstanceRRset {
  /// - Parameter soonestEnd: of all leases of the RRset.
  @inline(__always) fileprivate func ttl(until soonestEnd: BootTime, at now: BootTime) -> UInt32 {
    guard soonestEnd != .never else { return ttl }
    let seconds = max(0, soonestEnd - now) / 1_000_000_000
    return UInt32(truncatingIfNeeded: min(Int64(ttl), seconds))
  }

  /// The live records, those for which an answer has no place too, and for how long they may be
  /// kept.
  func allLive(at now: BootTime) -> (records: [InstanceEntry], ttl: UInt32) {
    var records: [InstanceEntry] = []
    var soonestEnd = BootTime.never
    var isThere = false
    for index in 0..<count {
      let entry = entry(index)
      if !(hasRepetitions && entry.isRepetition) { isThere = false }
      let end = entry.instance.leaseEnd
      guard end > now else { continue }
      soonestEnd = min(soonestEnd, end)
      if !isThere { records.append(entry) }
      isThere = true
    }
    return (records, ttl(until: soonestEnd, at: now))
  }

  /// Writes the answer into `message` from `start` on: all live records in the order of the turn
  /// that this takes, or, if they don't fit, as many as do in the order of the coming turn.
  ///
  /// - Returns: nil when no record is live.
  func writeAnswer(
    into message: UnsafeMutableRawPointer, at start: Int, limit: Int, now: BootTime,
    _ live: inout LiveRecords
  ) -> AnswerSections? {
    let room = limit - start
    let fitsAlways = longest <= room
    var first = fitsAlways ? takeTurn() : comingTurn()
    live.gather(self, from: first, at: now, room: room)
    if !fitsAlways && live.isWhole {
      // It fits because leases have ended.
      let coming = first
      first = takeTurn()
      if first != coming { live.gather(self, from: first, at: now, room: room) }
    }
    guard live.count > 0 || !live.isWhole else { return nil }
    let ttl = live.ttl(self, at: now)
    var sections = AnswerSections(
      end: start + live.length, answers: live.count, isTruncated: !live.isWhole)
    write(live, to: message + start, ttl)
    if type == .srv && live.isWhole {
      writeAddresses(of: live, into: message, at: start, limit: limit, ttl, &sections)
    }
    return sections
  }

  private func write(_ live: LiveRecords, to memory: UnsafeMutableRawPointer, _ ttl: UInt32) {
    let header = RecordHeader(type, ttl)
    var record = memory
    guard type != .a else {
      // Half of all queries.
      for index in 0..<live.count {
        header.write(to: record, 4)
        live[index].writeRDATA(.a, to: record + RRsetBlock.recordHeaderLength)
        record += RRsetBlock.recordHeaderLength + 4
      }
      return
    }
    for index in 0..<live.count {
      let entry = live[index]
      let length = entry.rdataLength(type)
      header.write(to: record, length)
      entry.writeRDATA(type, to: record + RRsetBlock.recordHeaderLength)
      record += RRsetBlock.recordHeaderLength + length
    }
  }

  /// Adds the addresses of the targets, in the order of the answer, each RRset whole or not at
  /// all (RFC 2181 section 9). Their TTL is the answer's, which is never above their own.
  private func writeAddresses(
    of live: LiveRecords, into message: UnsafeMutableRawPointer, at start: Int, limit: Int,
    _ ttl: UInt32, _ sections: inout AnswerSections
  ) {
    let v4Header = RecordHeader(.a, ttl)
    let v6Header = RecordHeader(.aaaa, ttl)
    var record = start
    for index in 0..<live.count {
      let target = record + RRsetBlock.recordHeaderLength + InstanceEntry.targetOffsetInSRV
      record += live[index].recordLength(.srv)
      // Beyond the reach of a pointer the addresses are left to a query of their own.
      guard target < 0x4000 else { return }
      let instance = live[index].instance
      sections.add(
        UnsafeRawPointer(instance.base + InstanceBlock.v4Offset), instance.v4Count, length: 4,
        v4Header, owner: UInt16(target), to: message, limit)
      sections.add(
        UnsafeRawPointer(instance.base + instance.v6Offset), instance.v6Count, length: 16,
        v6Header, owner: UInt16(target), to: message, limit)
    }
  }
}

extension AnswerSections {
  /// Adds `count` addresses of `length` octets each, if all fit.
  @inline(__always)
  fileprivate mutating func add(
    _ addresses: UnsafeRawPointer, _ count: Int, length: Int, _ header: RecordHeader,
    owner: UInt16, to message: UnsafeMutableRawPointer, _ limit: Int
  ) {
    let recordLength = RRsetBlock.recordHeaderLength + length
    guard end + count * recordLength <= limit else { return }
    for index in 0..<count {
      let record = message + end
      header.write(to: record, length)
      record.storeBigEndian(0xC000 | owner, at: 0)
      (record + RRsetBlock.recordHeaderLength).copyMemory(
        from: addresses + index * length, byteCount: length)
      end += recordLength
    }
    additionals += count
  }
}

extension InstanceEntry {
  /// Priority, weight and port come before the target (RFC 2782).
  static var targetOffsetInSRV: Int { 6 }

  /// Octets of the most RDATA that an entry has.
  static var rdataLimit: Int { Int(UInt16.max) }

  @inline(__always) func rdataLength(_ type: RecordType) -> Int {
    switch type {
    case .a: 4
    case .aaaa: 16
    case .srv: Self.targetOffsetInSRV + instance.nameLength
    // At most; it depends on the owner.
    case .ptr: DomainName.lengthLimit
    default: instance.publishedText.count
    }
  }

  /// With a compressed owner name.
  func recordLength(_ type: RecordType) -> Int {
    RRsetBlock.recordHeaderLength + rdataLength(type)
  }

  /// Writes ``rdataLength(_:)`` octets.
  @inline(__always) func writeRDATA(_ type: RecordType, to memory: UnsafeMutableRawPointer) {
    switch type {
    case .a:
      memory.storeBytes(of: v4.loadUnaligned(as: UInt32.self), as: UInt32.self)
    case .aaaa:
      memory.copyMemory(from: v6, byteCount: 16)
    case .srv:
      let instance = instance
      memory.storeBytes(of: instance.part.pointee.priority, as: UInt16.self)
      memory.storeBytes(of: instance.part.pointee.weight, toByteOffset: 2, as: UInt16.self)
      memory.storeBigEndian(port, at: 4)
      let target = instance.target
      (memory + Self.targetOffsetInSRV).copyMemory(
        from: target.baseAddress!, byteCount: target.count)
    default:
      let text = instance.publishedText
      memory.copyMemory(from: text.baseAddress!, byteCount: text.count)
    }
  }
}

extension InstanceRRset {
  /// Of every record, with a compressed owner name; nil where lengths differ.
  fileprivate var fixedRecordLength: Int? {
    switch type {
    case .a: RRsetBlock.recordHeaderLength + 4
    case .aaaa: RRsetBlock.recordHeaderLength + 16
    default: nil
    }
  }
}

/// What stands before RDATA: owner (a pointer to the question's name), type, class IN, TTL.
private struct RecordHeader {
  private let front: UInt64
  private let back: UInt32

  init(_ type: RecordType, _ ttl: UInt32) {
    let owner = UInt64(0xC000 | UInt16(Header.length))
    front =
      (owner << 48 | UInt64(type.rawValue) << 32 | UInt64(RecordClass.in.rawValue) << 16
      | UInt64(ttl >> 16)).bigEndian
    back = ttl << 16
  }

  /// - Parameter length: octets of RDATA.
  @inline(__always) func write(to memory: UnsafeMutableRawPointer, _ length: Int) {
    memory.storeBytes(of: front, as: UInt64.self)
    memory.storeBigEndian(back | UInt32(truncatingIfNeeded: length), at: 8)
  }
}
