// Whose turn it is to come first.

import DNSWire
import Synchronization
import TestSupport
import Testing

@testable import DNSZone

@Suite("Turns: exact rotation")
struct RotationTests {
  static let head = "@ SOA ns hostmaster 1 7200 900 1209600 60\n@ NS ns.elsewhere.\n"

  static func served(_ rrset: RRset) -> ZoneUnderTest {
    let served = ZoneUnderTest("mesh.", Self.head)
    served.zone.publish(rrset)
    return served
  }

  static func served(_ instances: [ServedInstance]) -> ZoneUnderTest {
    let served = ZoneUnderTest("mesh.", Self.head)
    served.zone.publish(instances, at: "web.mesh.")
    return served
  }

  /// Static records.
  static func addresses(_ count: Int, ttl: Int = 5) -> RRset {
    RRset((0..<count).map { "web.mesh. \(ttl) A 10.0.0.\($0)" }.joined(separator: "\n"))
  }

  /// Registered ones with the same addresses; weights that are not given are 1.
  static func instances(_ count: Int, weights: [UInt16] = []) -> [ServedInstance] {
    (0..<count).map { number in
      ServedInstance(
        "i\(number).web.mesh.", ["10.0.0.\(number)"],
        weight: number < weights.count ? weights[number] : 1)
    }
  }

  @Test("n equal records: any n turns have each first once, in rotated order", arguments: 1...20)
  func equalWeights(count: Int) throws {
    for served in [
      Self.served(Self.addresses(count)), Self.served(Self.instances(count)),
      Self.served(Self.instances(count, weights: Array(repeating: 7, count: count))),
    ] {
      let order = (0..<count).map { "10.0.0.\($0)" }
      var firsts: [String] = []
      for turn in 0..<4 * count {
        let transport = Transport.all[turn % 3]
        let values = try served.ask("web.mesh.", .a, over: transport).answer.values
        let start = try #require(order.firstIndex(of: values[0]))
        #expect(values == Array(order[start...] + order[..<start]))
        firsts.append(values[0])
      }
      for start in 0...3 * count {
        #expect(Set(firsts[start..<start + count]).count == count)
      }
    }
  }

  @Test("weighted records: in any W turns each has exactly its share", arguments: 0..<40)
  func shares(seed: Int) throws {
    var random = SeededRandom(seed: UInt64(seed))
    let count = Int.random(in: 2...9, using: &random)
    let scale = UInt16.random(in: 1...5, using: &random)
    let weights = (0..<count).map { _ in UInt16.random(in: 1...20, using: &random) * scale }
    let divisor = weights.reduce(0, greatestCommonDivisor)
    let shares = weights.map { Int($0 / divisor) }
    let slots = shares.reduce(0, +)
    let served = Self.served(Self.instances(count, weights: weights))
    let type = seed % 2 == 0 ? RecordType.a : .srv
    let order = (0..<count).map {
      type == .a ? "10.0.0.\($0)" : "0 \(weights[$0]) 8080 i\($0).web.mesh."
    }
    var firsts: [Int] = []
    for _ in 0..<2 * slots + 3 {
      let values = try served.ask("web.mesh.", type).answer.values
      let start = try #require(order.firstIndex(of: values[0]))
      #expect(values == Array(order[start...] + order[..<start]))
      firsts.append(start)
    }
    var window = [Int](repeating: 0, count: count)
    for turn in firsts.indices {
      window[firsts[turn]] += 1
      if turn >= slots { window[firsts[turn - slots]] -= 1 }
      if turn >= slots - 1 { #expect(window == shares, "weights \(weights) at turn \(turn)") }
    }
  }

  private func greatestCommonDivisor(_ left: UInt16, _ right: UInt16) -> UInt16 {
    right == 0 ? left : greatestCommonDivisor(right, left % right)
  }

  @Test("the lightest record is not kept waiting: its turns lie evenly apart")
  func evenness() throws {
    let served = Self.served(Self.instances(2, weights: [1, 3]))
    var gaps: [Int] = []
    var last: Int?
    for turn in 0..<40 {
      guard try served.ask("web.mesh.", .a).answer.values[0] == "10.0.0.0" else { continue }
      if let last { gaps.append(turn - last) }
      last = turn
    }
    #expect(gaps.allSatisfy { $0 == 4 })
  }

  @Test("A, AAAA and SRV of a name turn each on their own")
  func types() throws {
    let served = ZoneUnderTest(
      "mesh.",
      Self.head + """
        web A 10.0.0.1
        web A 10.0.0.2
        web AAAA fd00::1
        web AAAA fd00::2
        web SRV 0 0 1 a.elsewhere.
        web SRV 0 0 2 a.elsewhere.
        """)
    for _ in 0..<3 {
      #expect(try served.ask("web.mesh.", .a).answer.values[0] == "10.0.0.1")
      #expect(try served.ask("web.mesh.", .a).answer.values[0] == "10.0.0.2")
      #expect(try served.ask("web.mesh.", .aaaa).answer.values[0] == "fd00::1")
      #expect(try served.ask("web.mesh.", .srv).answer.values[0] == "0 0 1 a.elsewhere.")
      let srv = try served.ask("web.mesh.", .srv, over: .tcp)
      #expect(srv.answer.values[0] == "0 0 2 a.elsewhere.")
      #expect(try served.ask("web.mesh.", .aaaa, over: .tcp).answer.values[0] == "fd00::2")
    }
  }

  @Test("additional data takes no turn")
  func additional() throws {
    let served = ZoneUnderTest(
      "mesh.", Self.head + "m MX 1 web\nweb A 10.0.0.1\nweb A 10.0.0.2")
    for expected in ["10.0.0.1", "10.0.0.2", "10.0.0.1"] {
      for _ in 0..<3 { #expect(try served.ask("m.mesh.", .mx).additional.count == 2) }
      #expect(try served.ask("web.mesh.", .a).answer.values[0] == expected)
    }
  }

  @Test("publishing an equal RRset keeps the turn")
  func keptTurn() throws {
    let served = Self.served(Self.addresses(3))
    for turn in 0..<12 {
      served.zone.publish(Self.addresses(3))
      #expect(try served.ask("web.mesh.", .a).answer.values[0] == "10.0.0.\(turn % 3)")
    }
  }

  @Test("so do instances that take the place of their equals, or have another lease end")
  func keptTurnOfInstances() throws {
    for weights: [UInt16] in [[], [3, 1, 2]] {
      let instances = Self.instances(3, weights: weights)
      let reference = Self.served(instances)
      let served = ZoneUnderTest("mesh.", Self.head)
      var blocks = served.zone.publish(instances, at: "web.mesh.")
      for turn in 0..<12 {
        if turn % 2 == 0 {
          blocks = served.zone.publish(
            instances, at: "web.mesh.", ttl: UInt32(5 + turn), insteadOf: blocks)
        } else {
          for block in blocks { block.leaseEnd = 1_000_000_000_000 + BootTime(turn) }
        }
        served.domain.collect()
        for type in [RecordType.a, .srv] {
          let expected = try reference.ask("web.mesh.", type).answer.values
          #expect(try served.ask("web.mesh.", type).answer.values == expected)
        }
      }
    }
  }

  @Test("a change of TTL or of another type keeps the turn")
  func keptThroughOtherChanges() throws {
    let served = Self.served(Self.addresses(3))
    for turn in 0..<9 {
      served.zone.publish(Self.addresses(3, ttl: 5 + turn))
      served.zone.publish(RRset("web.mesh. 5 TXT \"\(turn)\""))
      if turn % 3 == 2 { served.zone.withdraw(ZoneUnderTest.name("web.mesh."), .txt) }
      let values = try served.ask("web.mesh.", .a).answer.values
      #expect(values[0] == "10.0.0.\(turn % 3)")
    }
  }

  @Test("the largest weights are shared exactly too")
  func largeWeights() throws {
    let served = Self.served(Self.instances(2, weights: [65_535, 65_534]))
    var counts: [String: Int] = [:]
    for _ in 0..<1000 {
      counts[try served.ask("web.mesh.", .a).answer.values[0], default: 0] += 1
    }
    #expect(abs((counts["10.0.0.0"] ?? 0) - 500) <= 2)
  }

  @Test("the largest sums of weights are shared evenly on after billions of turns")
  func manyTurns() async {
    // More than an RRset can have: 2,000,000 instances with one address, of the largest weight.
    await #expect(processExitsWith: .success) {
      let sum: UInt64 = 65_535 * 2_000_000
      guard let rotation = Rotation(weights: [sum, sum - 1]) else { preconditionFailure("equal") }
      let memory = UnsafeMutableRawPointer.allocate(byteCount: 3 * 8, alignment: 8)
      defer { memory.deallocate() }
      let table = WeightTable(memory: memory, count: 2)
      table.store(rotation)
      for start: UInt64 in [0, 6_000_000_000, 1 << 40, .max - 1000] {
        let firsts = (start..<start + 1000).map { table.first(in: $0) }
        let ones = firsts.count { $0 == 1 }
        precondition(firsts.allSatisfy { (0...1).contains($0) } && (496...504).contains(ones))
      }
    }
  }
}
