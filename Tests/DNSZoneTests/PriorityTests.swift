// Which instances' addresses count when some are better than others.

import DNSWire
import TestSupport
import Testing

@testable import DNSZone

@Suite("Priority groups")
struct PriorityTests {
  private static let second: BootTime = 1_000_000_000

  private func served(_ instances: [ServedInstance]) -> ZoneUnderTest {
    let served = ZoneUnderTest("mesh.", RotationTests.head + "alias CNAME web")
    served.zone.publish(instances, at: "web.mesh.")
    return served
  }

  @Test("the next best group counts from the nanosecond in which the last better lease ends")
  func takeOver() throws {
    let end = 10 * Self.second
    let served = served([
      ServedInstance("c.web.mesh.", ["10.0.0.3"], priority: 20),
      ServedInstance("a.web.mesh.", ["10.0.0.1"], priority: 1, leaseEnd: end - 1),
      ServedInstance("b.web.mesh.", ["10.0.0.2"], priority: 7, leaseEnd: 2 * end),
      ServedInstance("d.web.mesh.", ["10.0.0.4"], priority: 1, leaseEnd: end),
    ])
    let expected: [(BootTime, Set<String>, UInt32)] = [
      (0, ["10.0.0.1", "10.0.0.4"], 5), (end - 1, ["10.0.0.4"], 0), (end, ["10.0.0.2"], 5),
      (2 * end - 1, ["10.0.0.2"], 0), (2 * end, ["10.0.0.3"], 5),
    ]
    for (time, addresses, ttl) in expected {
      for name in ["web.mesh.", "alias.mesh."] {
        let reply = try served.ask(name, .a, at: time)
        let records = reply.answer.records.filter { $0.type == .a }
        #expect(Set(records.map(\.rdataText)) == addresses)
        #expect(records.allSatisfy { $0.ttl == ttl })
      }
      #expect(try served.ask("web.mesh.", .any, at: time).answer.values.count == addresses.count)
      let srv = try served.ask("web.mesh.", .srv, at: time)
      #expect(srv.answer.count == (time < end - 1 ? 4 : time < end ? 3 : time < 2 * end ? 2 : 1))
    }
  }

  @Test("a better group counts as long as one of it is live, even without such an address")
  func withoutAddress() throws {
    let end = 10 * Self.second
    let served = served([
      ServedInstance("a.web.mesh.", ["10.0.0.1"], priority: 1, leaseEnd: end),
      ServedInstance("b.web.mesh.", ["10.0.0.2", "fd00::2"], priority: 7),
    ])
    let before = try served.ask("web.mesh.", .aaaa, at: end - 1)
    #expect(before.code == .noError && before.answer.isEmpty && before.authority.count == 1)
    #expect(try served.ask("web.mesh.", .aaaa, at: end).answer.values == ["fd00::2"])
    #expect(try served.ask("web.mesh.", .a, at: end).answer.values == ["10.0.0.2"])
  }

  @Test("a group that has taken over turns by its own weights")
  func turns() throws {
    let served = served([
      ServedInstance("a.web.mesh.", ["10.0.0.1"], leaseEnd: Self.second),
      ServedInstance("b.web.mesh.", ["10.0.0.2"], priority: 1, weight: 1),
      ServedInstance("c.web.mesh.", ["10.0.0.3"], priority: 1, weight: 3),
    ])
    var firsts: [String: Int] = [:]
    for _ in 0..<40 {
      let reply = try served.ask("web.mesh.", .a, at: Self.second)
      firsts[reply.answer.values[0], default: 0] += 1
    }
    #expect(firsts == ["10.0.0.2": 10, "10.0.0.3": 30])
  }

  @Test("memory of all groups is freed when they are replaced")
  func reclamation() {
    let served = ZoneUnderTest("mesh.", RotationTests.head)
    let instances = (0..<3).map {
      ServedInstance("i\($0).web.mesh.", ["10.0.0.\($0)"], port: nil, priority: UInt16($0))
    }
    let first = served.zone.publish(instances, at: "web.mesh.")
    served.domain.collect()
    served.zone.publish(instances, at: "web.mesh.", insteadOf: first)
    // Three groups, and the three instances that they were made of.
    #expect(served.domain.reclamation.waitingCount == 6)
    served.domain.collect()
    #expect(served.domain.reclamation.waitingCount == 0)
  }

  @Test("a zone that nobody was led to leaves nothing to other threads")
  func unserved() {
    let domain = ZoneDomain(seed: 1)
    let apex = ZoneUnderTest.name("mesh.")
    let lines = (0..<200).map { "i\($0) A 10.0.0.1\ni\($0) TXT x" }.joined(separator: "\n")
    let records = ZoneText(RotationTests.head + lines, origin: apex).records
    withExtendedLifetime(Zone(apex: apex, records: records, in: domain)) {}
    #expect(domain.reclamation.waitingCount == 0)
  }
}
