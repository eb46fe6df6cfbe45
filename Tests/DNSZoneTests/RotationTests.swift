// Whose turn it is to come first.

import DNSWire
import Synchronization
import TestSupport
import Testing

@testable import DNSZone

@Suite("Turns: exact rotation")
struct RotationTests {
  static let head = "@ SOA ns hostmaster 1 7200 900 1209600 60\n@ NS ns.elsewhere.\n"

  private func served(_ rrset: RRset) -> ZoneUnderTest {
    let served = ZoneUnderTest("mesh.", Self.head)
    served.zone.publish(rrset)
    return served
  }

  static func addresses(_ count: Int, weights: [UInt32] = [], ttl: Int = 5) -> RRset {
    let lines = (0..<count).map { "web.mesh. \(ttl) A 10.0.\($0 / 256).\($0 % 256)" }
    return RRset(lines.joined(separator: "\n"), weights: weights)
  }

  @Test("n equal records: any n turns have each first once, in rotated order", arguments: 1...20)
  func equalWeights(count: Int) throws {
    for weight: UInt32 in [1, 7] {
      let rrset = Self.addresses(count, weights: Array(repeating: weight, count: count))
      let served = served(rrset)
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
    let scale = UInt32.random(in: 1...5, using: &random)
    let weights = (0..<count).map { _ in UInt32.random(in: 1...20, using: &random) * scale }
    let divisor = weights.reduce(0, greatestCommonDivisor)
    let shares = weights.map { Int($0 / divisor) }
    let slots = shares.reduce(0, +)
    let served = served(Self.addresses(count, weights: weights))
    let order = (0..<count).map { "10.0.0.\($0)" }
    var firsts: [Int] = []
    for _ in 0..<2 * slots + 3 {
      let values = try served.ask("web.mesh.", .a).answer.values
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

  private func greatestCommonDivisor(_ left: UInt32, _ right: UInt32) -> UInt32 {
    right == 0 ? left : greatestCommonDivisor(right, left % right)
  }

  @Test("the lightest record is not kept waiting: its turns lie evenly apart")
  func evenness() throws {
    let served = served(Self.addresses(2, weights: [1, 3]))
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

  @Test("publishing an equal RRset, or one with another lease end, keeps the turn")
  func keptTurn() throws {
    for weights: [UInt32] in [[], [3, 1, 2]] {
      let reference = served(Self.addresses(3, weights: weights))
      let served = served(Self.addresses(3, weights: weights))
      for turn in 0..<12 {
        var rrset = Self.addresses(3, weights: weights)
        if turn % 2 == 0 { rrset.leaseEnd = 1_000_000_000_000 + BootTime(turn) }
        served.zone.publish(rrset)
        let expected = try reference.ask("web.mesh.", .a).answer.values
        #expect(try served.ask("web.mesh.", .a).answer.values == expected)
      }
    }
  }

  @Test("a change of TTL or of another type keeps the turn")
  func keptThroughOtherChanges() throws {
    let served = served(Self.addresses(3))
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
    let served = served(Self.addresses(2, weights: [4_294_967_295, 4_294_967_294]))
    var counts: [String: Int] = [:]
    for _ in 0..<1000 {
      counts[try served.ask("web.mesh.", .a).answer.values[0], default: 0] += 1
    }
    #expect(abs((counts["10.0.0.0"] ?? 0) - 500) <= 2)
  }

  @Test("the heaviest weights are shared on after billions of turns")
  func manyTurns() async {
    await #expect(processExitsWith: .success) {
      let members = [UInt32.max, UInt32.max - 1].map { RRset.Member(rdata: [1], weight: $0) }
      let rrset = RRset(owner: .root, type: .txt, ttl: 5, members: members)
      let block = RRsetBlock.prepare(rrset, looksUpTargets: false)
      block.header.pointee.turns.store(6_000_000_000, ordering: .relaxed)
      for _ in 0..<100 { precondition((0...1).contains(block.takeTurn())) }
    }
  }
}
