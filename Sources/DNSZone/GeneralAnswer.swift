// Answers that are more than the RRset of the name asked for: aliases and what they lead to,
// referrals, negative answers, and RRsets with names to compress or addresses to look up.

import DNSWire

/// Collects one reply section by section: RFC 1034 section 4.3.2 as a whole.
struct GeneralAnswer: ~Copyable {
  /// Aliases followed before the chain is left as it is; a resolver goes on by itself.
  static let aliasLimit = 16

  let zones: PublishedZones
  let scratch: AnswerScratch
  let now: BootTime
  /// Records of an answer to a query for addresses; nil: all.
  private let addressLimit: Int?
  var writer: MessageWriter
  private(set) var responseCode = ResponseCode.noError
  private(set) var isAuthoritative = true
  private(set) var isTruncated = false
  private(set) var extendedError: ExtendedErrorCode?
  private(set) var answers = 0
  private(set) var authorities = 0
  var additionals = 0
  /// No zone of ours has the name, or the one that its aliases lead to.
  private(set) var isForeign = false
  /// Hashes of the names looked up so far: one that comes again is a circle.
  private var visited = InlineArray<17, UInt64>(repeating: 0)
  /// DNAME RRsets that the answer holds: a name that one leads back below itself meets it again.
  private var redirections = InlineArray<17, UInt>(repeating: 0)
  private var redirectionCount = 0

  init(
    zones: PublishedZones, scratch: AnswerScratch, now: BootTime, addressLimit: Int?,
    writer: consuming MessageWriter
  ) {
    self.zones = zones
    self.scratch = scratch
    self.now = now
    self.addressLimit = addressLimit
    self.writer = writer
  }

  /// Answers for the name in `scratch.name`.
  mutating func answer(_ type: RecordType) {
    for aliases in 0...Self.aliasLimit {
      let hash = scratch.name.view.hash(seed: zones.seed)
      for earlier in 0..<aliases where visited[earlier] == hash { return }
      visited[aliases] = hash
      guard let zone = zone(for: type) else {
        isForeign = true
        if aliases == 0 { fail(.refused, .notAuthoritative) }
        return
      }
      guard !zone.isBroken else { return fail(.serverFailure, .notReady) }
      guard answer(from: zone, type, isAlias: aliases > 0) == .goOn, aliases < Self.aliasLimit
      else { return }
    }
  }

  private enum Progress {
    case done
    /// An alias was written; its target is the name to look up next.
    case goOn
  }

  private func zone(for type: RecordType) -> ZoneBlock? {
    let name = scratch.name
    guard let zone = zones.findZone(name) else { return nil }
    // DS of an apex is the parent's, where we serve the parent (RFC 4035 section 3.1.4.1).
    guard type == .ds, zone.apexLabels == name.labelCount, zone.apexLabels > 0 else {
      return zone
    }
    return zones.findZone(name, labelsAtMost: zone.apexLabels - 1) ?? zone
  }

  private mutating func answer(
    from zone: ZoneBlock, _ type: RecordType, isAlias: Bool
  ) -> Progress {
    let result = zone.lookUp(
      scratch.name, type, at: now, seed: zones.seed, wildcard: scratch.wildcard)
    switch result {
    case .data(let rrset):
      answerData(rrset, from: zone)
    case .alias(let alias):
      return follow(alias)
    case .redirection(let dname, let ownerLabels):
      // A question for the CNAME itself is answered by it (RFC 1034 section 3.6.2).
      let progress = redirect(dname, ownerLabels: ownerLabels)
      return type == .cname || type == .any ? .done : progress
    case .referral(let ns, let cutLabels):
      if !isAlias { isAuthoritative = false }
      answerReferral(ns, cutLabels: cutLabels, from: zone)
    case .noData:
      answerNegative(zone)
    case .nameError:
      // The code is about the last name of a chain (RFC 6604 section 3).
      responseCode = .nameError
      answerNegative(zone)
    }
    return .done
  }

  private mutating func fail(_ code: ResponseCode, _ reason: ExtendedErrorCode) {
    responseCode = code
    extendedError = reason
    isAuthoritative = false
  }

  // MARK: The kinds of answer

  private mutating func answerData(_ rrset: FoundRRset, from zone: ZoneBlock) {
    if case .prepared(let rrset) = rrset, isHeld(rrset) { return }
    guard let first = appendAnswer(rrset) else { return }
    switch rrset {
    case .prepared(let rrset): appendAddresses(ofTargetsIn: rrset, first: first, from: zone)
    case .instances(let rrset): appendAddresses(ofTargetsIn: rrset, first: first, from: zone)
    }
  }

  private mutating func follow(_ alias: RRsetBlock) -> Progress {
    guard appendAnswer(.prepared(alias)) != nil else { return .done }
    scratch.name.set(alias.rdata(0).octets)
    return .goOn
  }

  /// Writes the DNAME and the CNAME that it stands for (RFC 6672 section 3.1).
  private mutating func redirect(_ dname: RRsetBlock, ownerLabels: Int) -> Progress {
    let name = scratch.name
    let owner = name.suffix(labels: ownerLabels)
    guard isHeld(dname) || append(.prepared(dname), owner: owner.bytes, first: 0, .answer) else {
      isTruncated = true
      return .done
    }
    redirections[redirectionCount] = dname.address
    redirectionCount += 1
    let prefixLength = name.length - owner.length
    let target = dname.rdata(0)
    guard prefixLength + target.count <= DomainName.lengthLimit else {
      responseCode = .yxDomain
      return .done
    }
    let synthesized = Array(name.view.bytes.prefix(prefixLength)) + Array(target)
    let isWritten = synthesized.withUnsafeBytes { rdata in
      writer.append(owner: name.view.bytes, type: .cname, ttl: dname.ttl, rdata: rdata)
    }
    guard isWritten else {
      isTruncated = true
      return .done
    }
    answers += 1
    synthesized.withUnsafeBytes { scratch.name.set($0.octets) }
    return .goOn
  }

  /// Whether the answer has this RRset because a name was redirected by it.
  private func isHeld(_ rrset: RRsetBlock) -> Bool {
    (0..<redirectionCount).contains { redirections[$0] == rrset.address }
  }

  /// Names the servers of the delegated zone. Their addresses must be there if they can't be had
  /// otherwise: that is glue, and without it the reply is truncated (RFC 9471 section 2).
  private mutating func answerReferral(
    _ ns: RRsetBlock, cutLabels: Int, from zone: ZoneBlock
  ) {
    let cut = scratch.name.suffix(labels: cutLabels)
    guard append(.prepared(ns), owner: cut.bytes, first: 0, .authority) else {
      isTruncated = true
      return
    }
    let cutName = DomainName(uncheckedWire: Array(cut.bytes))
    for wantsGlue in [true, false] {
      for index in 0..<min(ns.count, Self.targetLimit) {
        let target = ns.rdata(index)
        let isGlue = DomainName(uncheckedWire: Array(target)).isEqualOrBelow(cutName)
        guard isGlue == wantsGlue else { continue }
        let isWhole = appendGlue(of: target, from: zone)
        if isGlue && !isWhole { isTruncated = true }
      }
    }
  }

  /// The SOA says how long the absence may be kept (RFC 2308 section 5).
  private mutating func answerNegative(_ zone: ZoneBlock) {
    let apex = scratch.name.suffix(labels: zone.apexLabels)
    guard let soa = zone.node(apex, seed: zones.seed)?.prepared(.soa) else { return }
    let rdata = soa.rdata(0)
    let ttl = min(
      soa.ttl, SOA.minimum(rdata), zone.header.pointee.negativeTTLLimit)
    if writer.append(owner: apex.bytes, type: .soa, ttl: ttl, rdata: rdata) {
      authorities += 1
    } else {
      isTruncated = true
    }
  }

  // MARK: Records

  enum Section {
    case answer
    case authority
    case additional
  }

  /// Appends `rrset` in its turn for the current name. An answer that is complete takes the turn,
  /// one that is cut shows the coming one.
  /// - Returns: the record that came first, or nil when not all records fit.
  private mutating func appendAnswer(_ rrset: FoundRRset) -> Int? {
    let start = writer.mark
    let answersBefore = answers
    let owner = scratch.name.view.bytes
    let coming = rrset.comingTurn()
    guard append(rrset, owner: owner, first: coming, .answer) else {
      isTruncated = true
      return nil
    }
    let taken = rrset.takeTurn()
    guard taken != coming else { return coming }
    // Another thread took that turn meanwhile.
    writer.rewind(to: start)
    answers = answersBefore
    guard append(rrset, owner: owner, first: taken, .answer) else {
      isTruncated = true
      return nil
    }
    return taken
  }

  /// Appends records until one does not fit; false if so.
  mutating func append(
    _ rrset: FoundRRset, owner: UnsafeRawBufferPointer, first: Int, _ section: Section
  ) -> Bool {
    switch rrset {
    case .prepared(let rrset):
      for step in 0..<min(rrset.count, limit(rrset.type, section)) {
        let rdata = rrset.rdata((first + step) % rrset.count)
        guard append(owner, rrset.type, rrset.ttl, rdata, section) else { return false }
      }
    case .instances(let rrset):
      var live = scratch.liveRecords
      live.gather(rrset, from: first, at: now, room: .max)
      let ttl = live.ttl(rrset, at: now)
      if section == .answer && live.hasHeld { extendedError = .staleAnswer }
      for index in 0..<min(live.count, limit(rrset.type, section)) {
        let entry = live[index]
        let rdata = entry.rdata(rrset.type, at: owner, in: scratch.rdata)
        guard append(owner, rrset.type, ttl, rdata, section) else { return false }
      }
    }
    return true
  }

  /// Records that a section has of an RRset.
  private func limit(_ type: RecordType, _ section: Section) -> Int {
    guard let addressLimit, section == .answer, type == .a || type == .aaaa else { return .max }
    return addressLimit
  }

  private mutating func append(
    _ owner: UnsafeRawBufferPointer, _ type: RecordType, _ ttl: UInt32,
    _ rdata: UnsafeRawBufferPointer, _ section: Section
  ) -> Bool {
    guard writer.append(owner: owner, type: type, ttl: ttl, rdata: rdata) else { return false }
    switch section {
    case .answer: answers += 1
    case .authority: authorities += 1
    case .additional: additionals += 1
    }
    return true
  }
}

/// Memory that a reply needs in between, kept by the thread that answers; a handle like its parts.
struct AnswerScratch {
  /// The name being looked up: the question's, then each alias's target.
  let name = NameScratch.allocate()
  let wildcard = NameScratch.allocate()
  let target = NameScratch.allocate()
  /// Of the targets that have been looked up.
  let targetHashes = UnsafeMutablePointer<UInt64>.allocate(capacity: targetLimit)

  /// Of a record that is put together from an instance.
  let rdata = UnsafeMutableRawBufferPointer.allocate(
    byteCount: InstanceEntry.rdataLimit, alignment: 16)
  private let entries = UnsafeMutablePointer<InstanceEntry>.allocate(capacity: LiveRecords.limit)

  static var targetLimit: Int { 64 }

  /// None yet; one RRset's at a time.
  var liveRecords: LiveRecords { LiveRecords(memory: entries) }

  func deallocate() {
    rdata.deallocate()
    entries.deallocate()
    targetHashes.deallocate()
    name.deallocate()
    wildcard.deallocate()
    target.deallocate()
  }
}

extension UnsafeRawBufferPointer {
  var octets: UnsafePointer<UInt8> {
    baseAddress!.assumingMemoryBound(to: UInt8.self)
  }
}
