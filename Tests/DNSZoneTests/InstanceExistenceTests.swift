// Names that are an instance's at one time, a service's at another, and empty in between.

import DNSWire
import DNSZone
import TestSupport
import Testing

@Suite("Existence of instances' names (RFC 8020)")
struct InstanceExistenceTests {
  let served = ZoneUnderTest("mesh.", RotationTests.head)
  private var zone: Zone { served.zone }

  private func name(_ text: String) -> DomainName { ZoneUnderTest.name(text) }

  /// NXDOMAIN, NODATA or the first value of the answer.
  private func state(_ name: String, _ type: RecordType = .a) throws -> String {
    let reply = try served.ask(name, type)
    #expect(reply.isAuthoritative)
    #expect(reply.authority.count == (reply.answer.isEmpty ? 1 : 0))
    if reply.code == .nameError { return "NXDOMAIN" }
    return reply.answer.values.first ?? "NODATA"
  }

  private func expect(
    _ states: [String: String], _ location: SourceLocation = #_sourceLocation
  ) throws {
    served.domain.collect()
    for (name, expected) in states {
      #expect(try state(name) == expected, "\(name)", sourceLocation: location)
      for type in [RecordType.mx, .ds] where expected != "NXDOMAIN" {
        #expect(try state(name, type) == "NODATA", "\(name)", sourceLocation: location)
      }
    }
  }

  /// Makes an instance and lets its own name be answered from it.
  private func come(_ name: String, _ address: String) -> InstanceBlock {
    let instance = zone.makeInstance(
      InstanceBlock.Content(
        name: self.name(name).wire, addresses: [IPAddress(address)!], port: 80, ttl: 5))
    zone.publish(instance)
    return instance
  }

  private func go(_ instance: InstanceBlock) {
    zone.withdraw(instance)
    zone.free(instance)
  }

  private func serve(_ instances: [InstanceBlock], at owner: String) {
    var rrsets = OwnerRRsets()
    rrsets.add(.a, ttl: 5) { records in
      for instance in instances { records.addAddresses(.a, of: instance) }
    }
    zone.replaceAll(at: name(owner).wire, with: &rrsets)
  }

  @Test("an instance comes, is replaced, goes and comes back; what is above it goes along")
  func comingAndGoing() throws {
    for round in 0..<3 {
      try expect(["i.web.mesh.": "NXDOMAIN", "web.mesh.": "NXDOMAIN", "mesh.": "NODATA"])
      let first = come("i.web.mesh.", "10.0.\(round).1")
      try expect([
        "i.web.mesh.": "10.0.\(round).1", "web.mesh.": "NODATA", "x.i.web.mesh.": "NXDOMAIN",
        "j.web.mesh.": "NXDOMAIN",
      ])
      let second = come("I.web.mesh.", "10.0.\(round).2")
      go(first)
      try expect(["i.web.mesh.": "10.0.\(round).2", "web.mesh.": "NODATA"])
      go(second)
    }
    try expect(["i.web.mesh.": "NXDOMAIN", "web.mesh.": "NXDOMAIN", "mesh.": "NODATA"])
    served.domain.collect()
    #expect(served.domain.reclamation.waitingCount == 0)
  }

  @Test("one that is withdrawn after another has its name leaves the other alone")
  func lateWithdrawal() throws {
    let first = come("i.web.mesh.", "10.0.0.1")
    let second = come("i.web.mesh.", "10.0.0.2")
    zone.withdraw(first)
    zone.withdraw(first)
    zone.free(first)
    try expect(["i.web.mesh.": "10.0.0.2", "web.mesh.": "NODATA"])
    zone.publish(second)
    go(second)
    try expect(["i.web.mesh.": "NXDOMAIN", "web.mesh.": "NXDOMAIN"])
  }

  @Test("with names below it, its name stays NODATA when it goes, until the last of them goes")
  func children() throws {
    var instance = come("i.web.mesh.", "10.0.0.1")
    zone.publish(RRset("a.x.i.web.mesh. 5 A 10.1.0.1"))
    try expect([
      "i.web.mesh.": "10.0.0.1", "x.i.web.mesh.": "NODATA", "a.x.i.web.mesh.": "10.1.0.1",
    ])
    let next = come("i.web.mesh.", "10.0.0.2")
    go(instance)
    try expect(["i.web.mesh.": "10.0.0.2", "a.x.i.web.mesh.": "10.1.0.1"])
    go(next)
    try expect(["i.web.mesh.": "NODATA", "x.i.web.mesh.": "NODATA", "web.mesh.": "NODATA"])
    instance = come("i.web.mesh.", "10.0.0.3")
    let child = come("b.i.web.mesh.", "10.0.0.4")
    zone.withdraw(name("a.x.i.web.mesh."), .a)
    try expect([
      "i.web.mesh.": "10.0.0.3", "x.i.web.mesh.": "NXDOMAIN", "b.i.web.mesh.": "10.0.0.4",
    ])
    go(instance)
    try expect(["i.web.mesh.": "NODATA", "b.i.web.mesh.": "10.0.0.4"])
    go(child)
    try expect(["i.web.mesh.": "NXDOMAIN", "b.i.web.mesh.": "NXDOMAIN", "web.mesh.": "NXDOMAIN"])
  }

  @Test("a pinned name is NODATA before the instance and after it, until the pin goes")
  func pins() throws {
    let owner = name("i.web.mesh.")
    zone.pin(owner)
    try expect(["i.web.mesh.": "NODATA"])
    let first = come("i.web.mesh.", "10.0.0.1")
    zone.pin(owner)
    let second = come("i.web.mesh.", "10.0.0.2")
    go(first)
    zone.unpin(owner)
    try expect(["i.web.mesh.": "10.0.0.2"])
    go(second)
    try expect(["i.web.mesh.": "NODATA", "web.mesh.": "NODATA"])
    let third = come("i.web.mesh.", "10.0.0.3")
    zone.unpin(owner)
    try expect(["i.web.mesh.": "10.0.0.3"])
    go(third)
    try expect(["i.web.mesh.": "NXDOMAIN", "web.mesh.": "NXDOMAIN"])
  }

  @Test("a service takes over the name of an instance, and an instance that of a service")
  func takeOver() throws {
    let member = come("m.api.mesh.", "10.0.0.9")
    for isPinned in [false, true] {
      if isPinned { zone.pin(name("a.web.mesh.")) }
      let gone = isPinned ? "NODATA" : "NXDOMAIN"
      let instance = come("a.web.mesh.", "10.0.0.1")
      serve([member], at: "a.web.mesh.")
      try expect(["a.web.mesh.": "10.0.0.9"])
      #expect(try state("a.web.mesh.", .txt) == "NODATA")
      go(instance)
      try expect(["a.web.mesh.": "10.0.0.9", "web.mesh.": "NODATA"])
      serve([], at: "a.web.mesh.")
      try expect(["a.web.mesh.": gone])
      let back = come("a.web.mesh.", "10.0.0.2")
      try expect(["a.web.mesh.": "10.0.0.2"])
      #expect(try state("a.web.mesh.", .txt) == "\"\"")
      go(back)
      try expect(["a.web.mesh.": gone, "web.mesh.": gone])
    }
    zone.unpin(name("a.web.mesh."))
    try expect(["a.web.mesh.": "NXDOMAIN", "web.mesh.": "NXDOMAIN", "m.api.mesh.": "10.0.0.9"])
    #expect(served.domain.reclamation.waitingCount == 0)
  }

  @Test("a wildcard answers for the name only as long as no instance has it")
  func wildcard() throws {
    zone.publish(RRset("*.mesh. 5 A 10.9.9.9"))
    try expect(["i.mesh.": "10.9.9.9", "i.web.mesh.": "10.9.9.9"])
    let instance = come("i.web.mesh.", "10.0.0.1")
    try expect([
      "i.web.mesh.": "10.0.0.1", "web.mesh.": "NODATA", "j.web.mesh.": "NXDOMAIN",
      "i.mesh.": "10.9.9.9",
    ])
    go(instance)
    try expect(["i.web.mesh.": "10.9.9.9", "web.mesh.": "10.9.9.9"])
  }
}
