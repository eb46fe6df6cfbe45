// What comes along in the additional section: addresses of targets, and glue.

import DNSWire

extension GeneralAnswer {
  /// Targets whose addresses are looked up for one reply.
  static var targetLimit: Int { AnswerScratch.targetLimit }

  /// Appends what `zone` has for the names in the RDATA of `rrset`, which the answer holds for the
  /// current name. What other zones have is not this answer's to give: nobody may believe it
  /// (RFC 2181 section 5.4.1).
  mutating func appendAddresses(
    ofTargetsIn rrset: RRsetBlock, first: Int, from zone: ZoneBlock
  ) {
    guard let offset = rrset.type.targetOffset else { return }
    let isBinding = rrset.type == .svcb || rrset.type == .https
    var seen = 0
    for step in 0..<min(rrset.count, Self.targetLimit) {
      let rdata = rrset.rdata((first + step) % rrset.count)
      var target = UnsafeRawBufferPointer(rebasing: rdata[offset...])
      if isBinding && target[0] == 0 {
        // The root stands for the owner, or in an alias for nothing (RFC 9460 section 2.5).
        guard rdata[0] != 0 || rdata[1] != 0 else { continue }
        target = scratch.name.view.bytes
      }
      guard isNew(target, &seen) else { continue }
      // A binding's target may have bindings of its own (RFC 9460 section 4.1).
      if isBinding && !isCurrentName(target) { append(rrset.type, of: target, from: zone) }
      appendAddresses(of: target, from: zone)
    }
  }

  /// Whether `target`, in whatever case, is none of the first `seen` ones, of which it is the next.
  private func isNew(_ target: UnsafeRawBufferPointer, _ seen: inout Int) -> Bool {
    scratch.target.set(target.octets)
    let hash = scratch.target.view.hash(seed: zones.seed)
    guard !(0..<seen).contains(where: { scratch.targetHashes[$0] == hash }) else { return false }
    scratch.targetHashes[seen] = hash
    seen += 1
    return true
  }

  /// Appends the addresses of the instances in an SRV answer; of those that a service type lists,
  /// SRV and TXT too (RFC 6763 section 12.1).
  mutating func appendAddresses(
    ofTargetsIn rrset: InstanceRRset, first: Int, from zone: ZoneBlock
  ) {
    guard rrset.type == .srv || rrset.type == .ptr else { return }
    var live = scratch.liveRecords
    live.gather(rrset, from: first, at: now, room: .max)
    // What was gathered is gathered over for the addresses of the first.
    for entry in (0..<min(live.count, Self.targetLimit)).map({ live[$0] }) {
      if rrset.type == .ptr {
        guard let name = entry.serviceInstanceName(at: scratch.name.view.bytes) else { return }
        name.withUnsafeBytes {
          append(.srv, of: $0, from: zone)
          append(.txt, of: $0, from: zone)
        }
      }
      for type in [RecordType.a, .aaaa] {
        guard let addresses = entry.instance.rrset(type) else { continue }
        appendWhole(.instances(addresses), owner: entry.instance.target)
      }
    }
  }

  private func isCurrentName(_ target: UnsafeRawBufferPointer) -> Bool {
    scratch.target.set(target.octets)
    return scratch.target.view.bytes.elementsEqual(scratch.name.view.bytes)
  }

  private mutating func appendAddresses(
    of target: UnsafeRawBufferPointer, from zone: ZoneBlock
  ) {
    append(.a, of: target, from: zone)
    append(.aaaa, of: target, from: zone)
  }

  /// Appends the RRset that a query for `target` would be answered with from `zone` alone.
  private mutating func append(
    _ type: RecordType, of target: UnsafeRawBufferPointer, from zone: ZoneBlock
  ) {
    let name = scratch.target
    name.set(target.octets)
    guard name.isWithin(zone),
      case .data(let rrset) = zone.lookUp(
        name, type, at: now, seed: zones.seed, wildcard: scratch.wildcard)
    else { return }
    appendWhole(rrset, owner: UnsafeRawBufferPointer(rebasing: target[..<name.length]))
  }

  /// Appends the addresses that `zone` has for a name server below a cut.
  /// - Returns: false when not all fit.
  mutating func appendGlue(
    of target: UnsafeRawBufferPointer, from zone: ZoneBlock
  ) -> Bool {
    let name = scratch.target
    name.set(target.octets)
    guard let node = zone.node(name.view, seed: zones.seed) else { return true }
    let owner = UnsafeRawBufferPointer(rebasing: target[..<name.length])
    var isWhole = true
    for type in [RecordType.a, .aaaa] {
      if let addresses = node.rrset(type), !appendWhole(addresses, owner: owner) { isWhole = false }
    }
    return isWhole
  }

  /// Appends an RRset to the additional section, whole or not at all (RFC 2181 section 9).
  @discardableResult
  private mutating func appendWhole(
    _ rrset: FoundRRset, owner: UnsafeRawBufferPointer
  ) -> Bool {
    let start = writer.mark
    let additionalsBefore = additionals
    guard append(rrset, owner: owner, first: 0, .additional) else {
      writer.rewind(to: start)
      additionals = additionalsBefore
      return false
    }
    return true
  }
}

extension RecordType {
  /// Octets before the name in RDATA whose addresses belong into the additional section
  /// (RFC 1035 section 3.3, RFC 2782, RFC 9460 section 4.1); nil for types that have none.
  fileprivate var targetOffset: Int? {
    switch self {
    case .ns: 0
    case .mx, .svcb, .https: 2
    case .srv: 6
    default: nil
    }
  }
}
