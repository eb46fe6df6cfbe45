// Large zones, and the memory that changes leave behind.

import DNSWire
import DNSZone
import TestSupport
import Testing

@Suite("Growth and reclamation")
struct ZoneGrowthTests {
  let served = ZoneUnderTest("mesh.", RotationTests.head)

  /// A third of the names is two labels deeper, so that empty non-terminals come and go as well.
  private func name(_ number: Int) -> DomainName {
    let text = number % 3 == 0 ? "i\(number).x.y\(number % 1000).mesh." : "i\(number).mesh."
    return ZoneUnderTest.name(text)
  }

  private func rdata(_ number: Int) -> [UInt8] {
    [10, UInt8(number >> 16), UInt8(number >> 8 & 0xFF), UInt8(number & 0xFF)]
  }

  private func expect(_ number: Int, isThere: Bool) throws {
    let reply = try served.ask(QueryMessage(name(number), .a))
    #expect(reply.code == (isThere ? .noError : .nameError))
    #expect(reply.answer.count == (isThere ? 1 : 0))
    if let record = reply.answer.records.first {
      #expect(record.rdata == rdata(number))
    }
  }

  @Test(
    "50,000 names come and go: each is found while it is there, and not after",
    arguments: [false, true])
  func growth(areInstances: Bool) throws {
    let total = 50_000
    var instances: [Int: InstanceBlock] = [:]
    func come(_ number: Int) {
      guard areInstances else {
        let rrset = RRset(owner: name(number), type: .a, ttl: 5, rdata: [rdata(number)])
        served.zone.publish(rrset)
        return
      }
      let addresses = [IPAddress(octets: rdata(number))].compactMap(\.self)
      let instance = served.zone.makeInstance(
        InstanceBlock.Content(
          name: name(number).wire, addresses: addresses, port: nil, ttl: 5))
      served.zone.publish(instance)
      instances[number] = instance
    }
    func go(_ number: Int) {
      guard let instance = instances[number] else {
        served.zone.withdraw(name(number), .a)
        return
      }
      served.zone.withdraw(instance)
      served.zone.free(instance)
    }
    for number in 0..<total {
      come(number)
      if number % 1024 == 0 {
        served.domain.collect()
        for earlier in stride(from: 0, through: number, by: 1 + number / 5) {
          try expect(earlier, isThere: true)
        }
        try expect(number + 1, isThere: false)
      }
    }
    for number in stride(from: 0, to: total, by: 17) { try expect(number, isThere: true) }
    for number in 0..<total {
      go(number)
      if number % 1024 == 0 {
        served.domain.collect()
        try expect(number, isThere: false)
        try expect(number + 1, isThere: true)
        try expect(total - 1, isThere: true)
      }
    }
    for number in stride(from: 0, to: total, by: 17) { try expect(number, isThere: false) }
    #expect(try served.ask("x.y0.mesh.", .a).code == .nameError)
    #expect(try served.ask("mesh.", .ns).answer.count == 1)
    served.domain.collect()
    #expect(served.domain.reclamation.waitingCount == 0)
  }

  @Test("what changes replace is freed when all readers are offline")
  func freedOffline() throws {
    for number in 0..<50 {
      served.zone.publish(RRset("web.mesh. \(number) A 10.0.0.1"))
    }
    #expect(served.domain.reclamation.waitingCount >= 49)
    served.domain.collect()
    #expect(served.domain.reclamation.waitingCount == 0)
  }

  @Test("nothing is freed while a reader is online that may have seen it, and all when it goes")
  func keptOnline() throws {
    served.domain.collect()
    let reader = try #require(Responder(domain: served.domain, settings: .underTest))
    served.zone.publish(RRset("web.mesh. 5 A 10.0.0.1"))
    served.domain.collect()
    reader.begin(at: 0, wallSeconds: 0, isUnderLoad: false)
    served.zone.publish(RRset("web.mesh. 5 A 10.0.0.2"))
    served.zone.withdraw(ZoneUnderTest.name("web.mesh."), .a)
    let waiting = served.domain.reclamation.waitingCount
    #expect(waiting >= 2)
    for _ in 0..<3 { served.domain.collect() }
    #expect(served.domain.reclamation.waitingCount == waiting)
    reader.end()
    served.domain.collect()
    #expect(served.domain.reclamation.waitingCount == 0)
  }

  @Test("a reader that goes online after a change does not hold up what the change replaced")
  func laterReader() throws {
    served.zone.publish(RRset("web.mesh. 5 A 10.0.0.1"))
    served.domain.collect()
    let early = try #require(Responder(domain: served.domain, settings: .underTest))
    let late = try #require(Responder(domain: served.domain, settings: .underTest))
    early.begin(at: 0, wallSeconds: 0, isUnderLoad: false)
    served.zone.publish(RRset("web.mesh. 5 A 10.0.0.2"))
    served.domain.collect()
    late.begin(at: 0, wallSeconds: 0, isUnderLoad: false)
    #expect(served.domain.reclamation.waitingCount == 1)
    early.begin(at: 0, wallSeconds: 0, isUnderLoad: false)
    served.domain.collect()
    #expect(served.domain.reclamation.waitingCount == 0)
    late.end()
  }

  @Test("a responder that is let go while online holds up nothing")
  func abandonedReader() throws {
    served.domain.collect()
    Responder(domain: served.domain, settings: .underTest)?.begin(
      at: 0, wallSeconds: 0, isUnderLoad: false)
    served.zone.publish(RRset("web.mesh. 5 A 10.0.0.1"))
    served.domain.collect()
    #expect(served.domain.reclamation.waitingCount == 0)
  }

  @Test("an equal RRset leaves nothing behind")
  func equalPublication() {
    served.zone.publish(RRset("web.mesh. 5 A 10.0.0.1"))
    served.domain.collect()
    for _ in 0..<3 { served.zone.publish(RRset("web.mesh. 5 A 10.0.0.1")) }
    #expect(served.domain.reclamation.waitingCount == 0)
  }

  @Test("nor do equal lists of the same instances, whenever their leases end")
  func equalInstances() {
    let names = ["i0.web.mesh.", "i1.web.mesh."]
    let blocks = served.zone.publish(
      names.map { ServedInstance($0, ["10.0.0.1"]) }, at: "web.mesh.")
    served.zone.publishPort(53, of: blocks, at: "_dns._udp.web.mesh.")
    served.domain.collect()
    for end: BootTime in [1, 2, 3] {
      for block in blocks { block.leaseEnd = end }
      served.zone.publishPort(53, of: blocks, at: "_dns._udp.web.mesh.")
      for block in blocks { served.zone.publish(block) }
    }
    #expect(served.domain.reclamation.waitingCount == 0)
  }

  @Test("there is room for as many readers as the limit says, and for no more until one goes")
  func readerLimit() {
    let domain = ZoneDomain(seed: 1)
    var responders = (0..<Reclamation.readerLimit).map { _ in
      Responder(domain: domain, settings: .underTest)
    }
    #expect(responders.allSatisfy { $0 != nil })
    #expect(Responder(domain: domain, settings: .underTest) == nil)
    responders.removeFirst()
    #expect(Responder(domain: domain, settings: .underTest) != nil)
  }

  @Test("names are found under every seed", arguments: [0, 1, .max, 1 << 63] as [UInt64])
  func seeds(seed: UInt64) throws {
    let domain = ZoneDomain(seed: seed)
    let apex = ZoneUnderTest.name("mesh.")
    let zone = Zone(
      apex: apex, records: ZoneText(RotationTests.head, origin: apex).records, in: domain)
    domain.publish([zone])
    let responder = try #require(Responder(domain: domain, settings: .underTest))
    for number in 0..<500 { zone.publish(RRset("i\(number).mesh. 5 A 10.0.0.1")) }
    for number in 0..<600 {
      let query = QueryMessage("i\(number).mesh.", .a).octets
      let reply = try Message(responder.reply(to: query, isUDP: true, at: 0))
      #expect(reply.answer.count == (number < 500 ? 1 : 0))
    }
  }
}
