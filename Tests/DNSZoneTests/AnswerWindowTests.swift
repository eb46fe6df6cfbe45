// Answers that may hold fewer records than there are.

import DNSWire
import TestSupport
import Testing

@testable import DNSZone

@Suite("Answers with fewer records than there are")
struct AnswerWindowTests {
  private static let second: BootTime = 1_000_000_000

  private func served(_ instances: [ServedInstance], maxAnswers: Int) -> ZoneUnderTest {
    let served = ZoneUnderTest("mesh.", RotationTests.head + "alias CNAME web")
    served.zone.publish(instances, at: "web.mesh.", maxAnswers: maxAnswers)
    return served
  }

  /// Answer c holds the k records from (c·k) mod n on and begins ⌊c·g/n⌋ mod g into them.
  private func expected(_ count: Int, _ size: Int, turn: Int) -> [Int] {
    var (left, right) = (count, size)
    while right != 0 { (left, right) = (right, left % right) }
    let offset = turn * left / count % left
    return (0..<size).map { (turn * size + (offset + $0) % size) % count }
  }

  @Test(
    "equal weights: the formula's records in its order, each first once in n turns",
    arguments: 2...12)
  func equalWeights(_ count: Int) throws {
    for size in 1..<count {
      let served = served(RotationTests.instances(count), maxAnswers: size)
      var firsts: [Int] = []
      var covered: [Set<Int>] = []
      for turn in 0..<2 * count {
        let name = turn % 3 == 0 ? "alias.mesh." : "web.mesh."
        let reply = try served.ask(name, .a, over: Transport.all[turn % 3])
        let values = reply.answer.records.filter { $0.type == .a }.map(\.rdataText)
        let numbers = expected(count, size, turn: turn)
        #expect(values == numbers.map { "10.0.0.\($0)" }, "\(size) of \(count), turn \(turn)")
        #expect(!reply.isTruncated)
        firsts.append(numbers[0])
        covered.append(Set(numbers))
      }
      let enough = (count + size - 1) / size
      for start in 0...count {
        #expect(Set(firsts[start..<start + count]).count == count)
        guard start + enough <= covered.count else { continue }
        #expect(covered[start..<start + enough].reduce(Set()) { $0.union($1) }.count == count)
      }
    }
  }

  @Test(
    "unequal weights: each is first by its share, and all are in some answer",
    arguments: [1, 2, 3])
  func weights(_ size: Int) throws {
    let weights: [UInt16] = [1, 5, 2, 8]
    let served = served(RotationTests.instances(4, weights: weights), maxAnswers: size)
    for type in [RecordType.a, .srv] {
      var firsts: [String: Int] = [:]
      var seen: [String: Int] = [:]
      for _ in 0..<16 {
        let values = try served.ask("web.mesh.", type).answer.values
        #expect(Set(values).count == size)
        firsts[values[0], default: 0] += 1
        for value in values { seen[value, default: 0] += 1 }
      }
      #expect(firsts.values.sorted() == weights.map(Int.init).sorted())
      #expect(firsts.count == 4 && seen.count == 4)
      if size > 1 { #expect(seen.values.allSatisfy { $0 >= 16 * (size - 1) / 4 }) }
    }
  }

  @Test("what has ended is left out, and others come in its place")
  func ended() throws {
    var instances = RotationTests.instances(5)
    instances[1].leaseEnd = 10 * Self.second
    instances[2].leaseEnd = 10 * Self.second
    let served = served(instances, maxAnswers: 2)
    let before = try served.ask("web.mesh.", .a, at: 7 * Self.second).answer
    #expect(before.values == ["10.0.0.0", "10.0.0.1"])
    #expect(before.ttls == [3, 3], "of the whole RRset, whatever the answer holds")
    let second = try served.ask("web.mesh.", .a, at: 10 * Self.second).answer
    #expect(second.values == ["10.0.0.3", "10.0.0.4"], "from the third on, which is not there")
    let others = try (0..<5).map { _ in
      try served.ask("web.mesh.", .a, at: 10 * Self.second).answer.values
    }
    #expect(others.allSatisfy { Set($0).count == 2 })
    #expect(Set(others.joined()) == ["10.0.0.0", "10.0.0.3", "10.0.0.4"])
  }

  @Test("an address of several instances is one record, there while one of them is")
  func sharedAddress() throws {
    var instances = RotationTests.instances(4)
    instances[3].addresses = ["10.0.0.0"]
    instances[0].leaseEnd = 10 * Self.second
    let served = served(instances, maxAnswers: 2)
    for time in [0, 10 * Self.second] {
      var firsts: [String: Int] = [:]
      for _ in 0..<12 {
        let values = try served.ask("web.mesh.", .a, at: time).answer.values
        #expect(Set(values).count == 2)
        firsts[values[0], default: 0] += 1
      }
      // The sum of the weights of those who have it.
      #expect(firsts == ["10.0.0.0": 6, "10.0.0.1": 3, "10.0.0.2": 3])
    }
  }

  @Test("a number that is not below the records' makes no difference", arguments: [3, 4])
  func enoughForAll(_ size: Int) throws {
    let served = served(RotationTests.instances(3), maxAnswers: size)
    for turn in 0..<3 {
      let values = try served.ask("web.mesh.", .a).answer.values
      #expect(values == (0..<3).map { "10.0.0.\(($0 + turn) % 3)" })
    }
  }

  @Test("groups of priorities have windows of their own")
  func priorities() throws {
    var instances = RotationTests.instances(6)
    for index in 3..<6 { instances[index].priority = 1 }
    for index in 0..<3 { instances[index].leaseEnd = 10 * Self.second }
    let served = served(instances, maxAnswers: 1)
    for turn in 0..<6 {
      #expect(try served.ask("web.mesh.", .a).answer.values == ["10.0.0.\(turn % 3)"])
    }
    for turn in 0..<6 {
      let values = try served.ask("web.mesh.", .a, at: 10 * Self.second).answer.values
      #expect(values == ["10.0.0.\(3 + turn % 3)"])
    }
    #expect(try served.ask("web.mesh.", .srv).answer.count == 1)
  }

  @Test("an answer that has no room shows the coming turn without taking it")
  func truncated() throws {
    let served = served(RotationTests.instances(60), maxAnswers: 40)
    let cut = try (0..<3).map { _ in try served.ask("web.mesh.", .a, over: .udp) }
    #expect(cut.allSatisfy { $0.isTruncated && $0.answer.count < 40 && $0.answer.count > 20 })
    #expect(Set(cut.map(\.answer.values)).count == 1)
    let whole = try served.ask("web.mesh.", .a, over: .tcp).answer.values
    #expect(whole.count == 40 && Array(whole.prefix(cut[0].answer.count)) == cut[0].answer.values)
  }
}
