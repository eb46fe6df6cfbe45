// An address that several instances have: one record for all of them.

import DNSWire
import DNSZone
import TestSupport
import Testing

@Suite("Shared addresses (RFC 2181 section 5)")
struct SharedAddressTests {
  static let second: BootTime = 1_000_000_000

  let served = ZoneUnderTest("mesh.", RotationTests.head + "alias CNAME web")

  private func publish(
    _ addresses: [String], weights: [UInt16] = [], ends: [Int: BootTime] = [:]
  ) {
    served.zone.publish(
      addresses.indices.map { number in
        ServedInstance(
          "i\(number).web.mesh.", [addresses[number]],
          weight: number < weights.count ? weights[number] : 1, leaseEnd: ends[number] ?? .never)
      }, at: "web.mesh.")
  }

  /// Who comes first in the next turns.
  private func firsts(_ count: Int, _ type: RecordType = .a) throws -> [String] {
    try (0..<count).map { _ in try served.ask("web.mesh.", type).answer.values[0] }
  }

  @Test("an address is one record, where its first instance stands")
  func oneRecord() throws {
    publish(["10.0.0.1", "10.0.0.2", "10.0.0.1", "10.0.0.3", "10.0.0.2", "10.0.0.1"])
    for name in ["web.mesh.", "alias.mesh."] {
      for transport in Transport.all {
        let reply = try served.ask(name, .a, over: transport)
        let values = reply.answer.records.filter { $0.type == .a }.map(\.rdataText)
        #expect(values.sorted() == ["10.0.0.1", "10.0.0.2", "10.0.0.3"])
      }
    }
    // Each of the six has its own SRV record all the same, with its address.
    let srv = try served.ask("web.mesh.", .srv)
    #expect(srv.answer.distinctLines.count == 6)
    #expect(srv.additional.count == 6)
    #expect(srv.additional.records.filter { $0.rdata == [10, 0, 0, 1] }.count == 3)
  }

  @Test("its weight is the sum: in any W turns each record has exactly its share")
  func summedWeights() throws {
    publish(
      ["10.0.0.1", "10.0.0.2", "10.0.0.1", "10.0.0.3"], weights: [20, 10, 30, 20])
    let firsts = try firsts(40)
    for start in 0...32 {
      let counts = Dictionary(grouping: firsts[start..<start + 8], by: { $0 }).mapValues(\.count)
      #expect(counts == ["10.0.0.1": 5, "10.0.0.2": 1, "10.0.0.3": 2])
    }
  }

  @Test("equal sums turn one by one, in rotated order")
  func equalSums() throws {
    publish(["10.0.0.1", "10.0.0.2", "10.0.0.1", "10.0.0.3"], weights: [1, 3, 2, 3])
    let order = ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    for turn in 0..<9 {
      let start = turn % 3
      let values = try served.ask("web.mesh.", .a).answer.values
      #expect(values == Array(order[start...] + order[..<start]))
    }
  }

  @Test("it stays while any of the leases lives, for as long as the soonest of them says")
  func leases() throws {
    let second = Self.second
    publish(
      ["10.0.0.1", "10.0.0.1", "10.0.0.2", "10.0.0.1"],
      ends: [0: 200 * second, 1: 100 * second, 3: 300 * second])
    func expect(_ values: [String], _ ttl: UInt32, at time: BootTime) throws {
      for name in ["web.mesh.", "alias.mesh."] {
        let reply = try served.ask(name, .a, at: time)
        let records = reply.answer.records.filter { $0.type == .a }
        #expect(Set(records.map(\.rdataText)) == Set(values))
        #expect(records.map(\.ttl) == values.map { _ in ttl })
      }
    }
    let both = ["10.0.0.1", "10.0.0.2"]
    try expect(both, 2, at: 98 * second)
    try expect(both, 0, at: 100 * second - 1)
    try expect(both, 5, at: 100 * second)
    try expect(both, 3, at: 197 * second)
    try expect(both, 5, at: 200 * second)
    try expect(both, 0, at: 300 * second - 1)
    try expect(["10.0.0.2"], 5, at: 300 * second)
  }

  @Test(
    "however many share it, it fits where one record fits",
    arguments: [2, 16, 17, 60, 400])
  func manyHolders(count: Int) throws {
    publish(Array(repeating: "10.0.0.1", count: count))
    for turn in 0..<4 {
      for name in ["web.mesh.", "alias.mesh."] {
        let reply = try served.ask(name, .a, over: Transport.all[turn % 3])
        #expect(!reply.isTruncated)
        #expect(reply.answer.records.last?.rdataText == "10.0.0.1")
        #expect(reply.answer.count == (name == "web.mesh." ? 1 : 2))
      }
    }
  }

  @Test("turns are taken where all records fit, though not all instances' would")
  func turnsOfMany() throws {
    let order = (0..<20).map { "10.0.0.\($0)" }
    publish((0..<3).flatMap { _ in order })
    for turn in 0..<40 {
      let reply = try served.ask("web.mesh.", .a, over: .udp)
      let start = turn % 20
      #expect(!reply.isTruncated)
      #expect(reply.answer.values == Array(order[start...] + order[..<start]))
    }
  }

  @Test("IPv4 and IPv6 addresses are shared each on their own")
  func families() throws {
    served.zone.publish(
      [
        ServedInstance("i0.web.mesh.", ["10.0.0.1", "fd00::1"]),
        ServedInstance("i1.web.mesh.", ["fd00::2", "10.0.0.1"]),
        ServedInstance("i2.web.mesh.", ["fd00::1", "10.0.0.2", "10.0.0.3"]),
      ], at: "web.mesh.")
    #expect(try firsts(4).sorted() == ["10.0.0.1", "10.0.0.1", "10.0.0.2", "10.0.0.3"])
    #expect(try firsts(3, .aaaa).sorted() == ["fd00::1", "fd00::1", "fd00::2"])
  }

  @Test("random services agree with a plain sum over their live instances", arguments: 0..<30)
  func model(seed: Int) throws {
    var random = SeededRandom(seed: UInt64(seed))
    let count = Int.random(in: 1...30, using: &random)
    let pool = Int.random(in: 1...12, using: &random)
    let instances = (0..<count).map { (number: Int) -> ServedInstance in
      let own = (0..<pool).shuffled(using: &random).prefix(Int.random(in: 0...3, using: &random))
      let end = BootTime.random(in: 1...20, using: &random) * Self.second
      return ServedInstance(
        "i\(number).web.mesh.", own.map { "10.0.0.\($0)" },
        weight: UInt16.random(in: 1...4, using: &random),
        leaseEnd: Bool.random(using: &random) ? .never : end)
    }
    served.zone.publish(instances, at: "web.mesh.")
    for time in [0, 3, 7, 11, 16, 25].map({ BootTime($0) * Self.second }) {
      let live = instances.filter { $0.leaseEnd > time && !$0.addresses.isEmpty }
      let soonest = live.map(\.leaseEnd).min() ?? .never
      let ttl = soonest == .never ? 5 : min(5, UInt32((soonest - time) / Self.second))
      let expected = Set(live.flatMap(\.addresses)).map { "web.mesh. \(ttl) IN A \($0)" }
      let reply = try served.ask("web.mesh.", .a, at: time)
      #expect(reply.answer.lines.sorted() == expected.sorted())
      #expect(reply.authority.count == (expected.isEmpty ? 1 : 0))
    }
    try expectShares(instances)
  }

  /// In as many turns as the weights add up to, each address comes first as often as its own do.
  private func expectShares(_ instances: [ServedInstance]) throws {
    var weights: [String: Int] = [:]
    for instance in instances {
      for address in instance.addresses { weights[address, default: 0] += Int(instance.weight) }
    }
    var counts: [String: Int] = [:]
    for _ in 0..<weights.values.reduce(0, +) {
      counts[try served.ask("web.mesh.", .a).answer.values[0], default: 0] += 1
    }
    #expect(counts == weights)
  }
}
