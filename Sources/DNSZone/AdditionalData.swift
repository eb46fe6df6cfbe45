// What comes along in the additional section: addresses of targets, and glue.

import DNSWire

extension GeneralAnswer {
  /// Targets whose addresses are looked up for one reply.
  static var targetLimit: Int { 64 }

  /// Appends what `zone` has for the names in the RDATA of `rrset`, which the answer holds for the
  /// current name. What other zones have is not this answer's to give: nobody may believe it
  /// (RFC 2181 section 5.4.1).
  mutating func appendAddresses(
    ofTargetsIn rrset: RRsetBlock, first: Int, from zone: ZoneBlock
  ) {
    guard let offset = rrset.type.targetOffset else { return }
    for step in 0..<min(rrset.count, Self.targetLimit) {
      let rdata = rrset.rdata((first + step) % rrset.count)
      let target = UnsafeRawBufferPointer(rebasing: rdata[offset...])
      let isRepeated = (0..<step).contains { earlier in
        let rdata = rrset.rdata((first + earlier) % rrset.count)
        return rdata.dropFirst(offset).elementsEqual(target)
      }
      guard !isRepeated else { continue }
      if rrset.type == .svcb || rrset.type == .https {
        appendService(rrset.type, rdata, target, from: zone)
      } else {
        appendAddresses(of: target, from: zone)
      }
    }
  }

  /// A service binding's target has bindings of its own besides addresses, and the root in its
  /// place means the owner, where it is not an alias to nothing (RFC 9460 sections 2.5 and 4.1).
  private mutating func appendService(
    _ type: RecordType, _ rdata: UnsafeRawBufferPointer, _ target: UnsafeRawBufferPointer,
    from zone: ZoneBlock
  ) {
    guard target[0] == 0 else {
      scratch.target.set(target.octets)
      if !scratch.target.view.bytes.elementsEqual(scratch.name.view.bytes) {
        append(type, of: target, from: zone)
      }
      return appendAddresses(of: target, from: zone)
    }
    let isAlias = rdata[0] == 0 && rdata[1] == 0
    if !isAlias { appendAddresses(of: scratch.name.view.bytes, from: zone) }
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
        name, type, seed: zones.seed, wildcard: scratch.wildcard)
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
    _ rrset: RRsetBlock, owner: UnsafeRawBufferPointer
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
