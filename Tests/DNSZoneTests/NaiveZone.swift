// RFC 1034 section 4.3.2 once more, as slowly and as plainly as it can be written.

import DNSWire
import TestSupport

/// A zone as a list of records, searched from end to end at every step.
struct NaiveZone {
  struct Reply {
    var code = ResponseCode.noError
    var isAuthoritative = true
    var answer: Set<ResourceRecord> = []
    var authority: Set<ResourceRecord> = []
    var additional: Set<ResourceRecord> = []
  }

  let apex: DomainName
  let records: [ResourceRecord]
  private static let aliasLimit = 16

  func reply(to name: DomainName, _ type: RecordType) -> Reply {
    var reply = Reply()
    var name = name
    for aliases in 0...Self.aliasLimit {
      guard name.isEqualOrBelow(apex) else {
        if aliases == 0 { (reply.code, reply.isAuthoritative) = (.refused, false) }
        return reply
      }
      guard let next = step(name, type, isFirst: aliases == 0, &reply) else { return reply }
      name = next
    }
    return reply
  }

  /// Step 3 for one name; gives the name at which to start again.
  private func step(
    _ name: DomainName, _ type: RecordType, isFirst: Bool, _ reply: inout Reply
  ) -> DomainName? {
    for node in path(to: name) {
      let servers = rrset(node, .ns)
      if node != apex, !servers.isEmpty, !(type == .ds && node == name) {
        if isFirst { reply.isAuthoritative = false }
        reply.authority = Set(servers)
        addAddresses(of: servers, includingGlue: true, &reply)
        return nil
      }
      if node != name, let redirection = rrset(node, .dname).first {
        let prefix = name.wire.dropLast(node.wire.count)
        let target = DomainName(uncheckedWire: prefix + redirection.rdata)
        reply.answer.insert(redirection)
        guard target.wire.count <= 255 else {
          reply.code = .yxDomain
          return nil
        }
        reply.answer.insert(
          ResourceRecord(owner: name, type: .cname, ttl: redirection.ttl, rdata: target.wire))
        return type == .cname || type == .any ? nil : target
      }
      if node == name { return match(at: node, for: name, type, &reply) }
      guard !exists(child(of: node, towards: name)) else { continue }
      let wildcard = DomainName(uncheckedWire: [1, UInt8(ascii: "*")] + node.wire)
      guard exists(wildcard) else {
        reply.code = .nameError
        addSOA(&reply)
        return nil
      }
      return match(at: wildcard, for: name, type, &reply)
    }
    return nil
  }

  private func match(
    at source: DomainName, for name: DomainName, _ type: RecordType, _ reply: inout Reply
  ) -> DomainName? {
    let types = records.filter { $0.owner == source }.map(\.type.rawValue)
    let wanted = type == .any ? RecordType(rawValue: types.min() ?? 0) : type
    let data = rrset(source, wanted)
    let alias = data.isEmpty ? rrset(source, .cname).first : nil
    for record in alias.map({ [$0] }) ?? data {
      reply.answer.insert(
        ResourceRecord(owner: name, type: record.type, ttl: record.ttl, rdata: record.rdata))
    }
    if let alias { return DomainName(uncheckedWire: alias.rdata) }
    if data.isEmpty { addSOA(&reply) }
    if wanted == .ns { addAddresses(of: data, includingGlue: false, &reply) }
    return nil
  }

  private func addSOA(_ reply: inout Reply) {
    for var soa in rrset(apex, .soa) {
      soa.ttl = min(soa.ttl, soa.rdata.suffix(4).reduce(0) { $0 << 8 | UInt32($1) })
      reply.authority.insert(soa)
    }
  }

  private func addAddresses(
    of servers: [ResourceRecord], includingGlue: Bool, _ reply: inout Reply
  ) {
    for target in servers.map({ DomainName(uncheckedWire: $0.rdata) }) {
      let isOccluded = path(to: target).contains {
        ($0 != apex && !rrset($0, .ns).isEmpty) || ($0 != target && !rrset($0, .dname).isEmpty)
      }
      if includingGlue {
        reply.additional.formUnion(rrset(target, .a))
      } else if !isOccluded {
        reply.additional.formUnion(addresses(of: target))
      }
    }
  }

  /// Of a name that no cut or DNAME is above: its own, or those of the wildcard that matches it.
  private func addresses(of target: DomainName) -> [ResourceRecord] {
    if exists(target) { return rrset(target, .a) }
    guard let encloser = path(to: target).last(where: exists) else { return [] }
    let wildcard = DomainName(uncheckedWire: [1, UInt8(ascii: "*")] + encloser.wire)
    return rrset(wildcard, .a).map { record in
      ResourceRecord(owner: target, type: .a, ttl: record.ttl, rdata: record.rdata)
    }
  }

  /// The names from the apex down to `name`; none when it is elsewhere.
  private func path(to name: DomainName) -> [DomainName] {
    guard name.isEqualOrBelow(apex) else { return [] }
    return name == apex ? [apex] : path(to: name.parent!) + [name]
  }

  private func child(of node: DomainName, towards name: DomainName) -> DomainName {
    name.parent == node ? name : child(of: node, towards: name.parent!)
  }

  private func rrset(_ owner: DomainName, _ type: RecordType) -> [ResourceRecord] {
    records.filter { $0.type == type && $0.owner == owner }
  }

  private func exists(_ name: DomainName) -> Bool {
    records.contains { $0.owner.isEqualOrBelow(name) }
  }
}
