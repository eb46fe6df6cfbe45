// One writer and several readers at the same time: a reply never mixes two states.

import DNSWire
import DNSZone
import Synchronization
import TestSupport
import Testing

@Suite("Readers beside the writer")
struct ZoneStressTests {
  private static let names = (0..<6).map { "n\($0).mesh." }

  /// Version `version` of a name's instances: the version stands in each address and port, the
  /// number follows from it.
  private static func instances(_ name: String, version: Int) -> [ServedInstance] {
    (0..<1 + version % 5).map { number in
      ServedInstance(
        "i\(number).\(name)", ["10.\(version / 256).\(version % 256).\(number)"],
        port: UInt16(version + 1), weight: version % 3 == 0 ? UInt16(1 + number) : 1)
    }
  }

  /// Whether SRV records and their additional data are exactly those of one version.
  private static func isWhole(_ answer: RecordSection, _ addresses: RecordSection) -> Bool {
    guard let rdata = answer.records.first?.rdata else { return addresses.isEmpty }
    let version = (Int(rdata[4]) << 8 | Int(rdata[5])) - 1
    let count = 1 + version % 5
    let expected = (0..<count).map { number in
      let owner = "i\(number).\(answer.records[0].owner)"
      return "\(owner) 5 IN A 10.\(version / 256).\(version % 256).\(number)"
    }
    return answer.count == count && Set(answer.records.map { $0.rdata[4...5] }).count == 1
      && addresses.lines.sorted() == expected
  }

  /// Whether the addresses are exactly those of one version.
  private static func isWhole(_ answer: RecordSection) -> Bool {
    guard let rdata = answer.records.first?.rdata else { return true }
    let version = Int(rdata[1]) << 8 | Int(rdata[2])
    return Set(answer.records.map(\.rdata))
      == Set((0..<1 + version % 5).map { [10, rdata[1], rdata[2], UInt8($0)] })
      && answer.count == 1 + version % 5
  }

  /// Lets `write` run on one thread and ask `queries` on three until it has ended; gives what
  /// `judge` says of replies that must not be.
  private func faults(
    _ domain: ZoneDomain, queries: [QueryMessage], rounds: Int, clock: Clock = Clock(),
    write: @escaping @Sendable (Int) -> Void, judge: @escaping @Sendable (Message) -> String?
  ) -> Set<String> {
    let isDone = Atomic(false)
    let octets = queries.map(\.octets)
    let faults = runThreads(4) { thread in
      var faults: Set<String> = []
      if thread == 0 {
        for round in 0..<rounds {
          write(round)
          if round % 3 == 0 { domain.collect() }
        }
        isDone.store(true, ordering: .releasing)
        return faults
      }
      guard let responder = Responder(domain: domain, settings: .underTest) else {
        return ["no room for a reader"]
      }
      var asked = thread
      repeat {
        asked += 1
        let now = clock.time.load(ordering: .relaxed)
        let reply = responder.reply(to: octets[asked % octets.count], isUDP: true, at: now)
        let fault =
          if let message = try? Message(reply) { judge(message) } else { "unreadable \(reply)" }
        if let fault { faults.insert(fault) }
      } while !isDone.load(ordering: .acquiring) || asked < 500
      return faults
    }
    return faults.reduce(into: []) { $0.formUnion($1) }
  }

  @Test("each answer is one whole version of an RRset, or the name is not there")
  func versions() {
    let served = ZoneUnderTest(
      "mesh.", RotationTests.head + "fixed 5 A 10.255.0.0\nalias CNAME n0\npinned TXT \"x\"")
    let writer = Unchecked(InstanceWriter(served.zone))
    let queries =
      (Self.names + ["alias.mesh.", "fixed.mesh.", "pinned.mesh.", "x.n1.mesh."])
      .map { QueryMessage($0, .a) }
      + (Self.names + ["alias.mesh."]).map { QueryMessage($0, .srv) }
    let faults = faults(served.domain, queries: queries, rounds: 3000) { round in
      var random = SeededRandom(seed: UInt64(round))
      let name = Self.names.randomElement(using: &random)!
      let zone = writer.value.zone
      switch Int.random(in: 0..<8, using: &random) {
      case 0: writer.value.publish([], at: name)
      case 1: zone.publish(RRset("x\(round % 300).\(name) 5 TXT \"\(round)\""))
      case 2: zone.withdraw(ZoneUnderTest.name("x\(round % 300).\(name)"), .txt)
      default: writer.value.publish(Self.instances(name, version: round), at: name)
      }
    } judge: {
      Self.fault($0)
    }
    #expect(faults == [])
  }

  /// What is wrong with a reply for one of ``names``, the names that lead to them or those beside.
  private static func fault(_ reply: Message) -> String? {
    let asked = reply.question?.name.description ?? "no question"
    var answer = reply.answer
    if asked == "alias.mesh." {
      guard answer.records.first?.type == .cname else { return "alias without CNAME" }
      answer = RecordSection(Array(answer.records.dropFirst()))
    }
    if asked == "fixed.mesh.", reply.answer.values != ["10.255.0.0"] { return "fixed is gone" }
    if asked == "pinned.mesh.", reply.code != .noError { return "pinned is gone" }
    if reply.question?.type == .srv {
      guard isWhole(answer, reply.additional) else { return "mixed:\(answer)\(reply.additional)" }
    } else if asked != "fixed.mesh.", !isWhole(answer) {
      return "mixed:\(answer)"
    }
    if answer.isEmpty, reply.authority.count != 1 { return "nothing, and no SOA: \(asked)" }
    return reply.isAuthoritative ? nil : "not authoritative: \(asked)"
  }

  @Test("an instance's own name is of one version too, and never without data while it stays")
  func ownNames() {
    let served = ZoneUnderTest("mesh.", RotationTests.head)
    let writer = Unchecked(InstanceWriter(served.zone))
    writer.value.publish(Self.instances("n0.mesh.", version: 4), at: "n0.mesh.")
    let queries = [RecordType.a, .srv, .txt, .any].flatMap { type in
      ["i0.n0.mesh.", "i4.n0.mesh."].map { QueryMessage($0, type) }
    }
    let faults = faults(served.domain, queries: queries, rounds: 3000) { round in
      let instances = Self.instances("n0.mesh.", version: round)
      writer.value.publish(round % 7 == 0 ? [instances[0]] : instances, at: "n0.mesh.")
    } judge: { reply in
      let asked = reply.question?.name.description ?? "no question"
      if reply.answer.isEmpty {
        let isGone = asked == "i4.n0.mesh." && reply.code == .nameError
        return isGone && reply.authority.count == 1 ? nil : "\(asked) is \(reply.code)"
      }
      guard reply.answer.count == 1, let record = reply.answer.records.first else {
        return "mixed:\(reply.answer)"
      }
      guard record.type == .srv else { return nil }
      let version = (Int(record.rdata[4]) << 8 | Int(record.rdata[5])) - 1
      let address = "10.\(version / 256).\(version % 256).\(asked == "i0.n0.mesh." ? 0 : 4)"
      return reply.additional.values == [address] ? nil : "mixed:\(reply.additional)"
    }
    #expect(faults == [])
  }

  @Test("leases that end and are renewed beside readers leave no answer broken")
  func renewals() {
    let served = ZoneUnderTest("mesh.", RotationTests.head + "alias CNAME n0")
    let writer = Unchecked(InstanceWriter(served.zone))
    let clock = Clock()
    let instances = (0..<8).map { number in
      ServedInstance("i\(number).n0.mesh.", ["10.0.0.\(number % 5)"], leaseEnd: 5)
    }
    writer.value.publish(instances, at: "n0.mesh.")
    let queries = [RecordType.a, .srv].flatMap { type in
      ["n0.mesh.", "alias.mesh.", "i3.n0.mesh."].map { QueryMessage($0, type) }
    }
    let faults = faults(served.domain, queries: queries, rounds: 20_000, clock: clock) { round in
      let now = clock.time.add(1, ordering: .relaxed).newValue
      // Now and then nobody renews until all leases have ended.
      guard round % 40 < 30 else { return }
      var random = SeededRandom(seed: UInt64(round))
      writer.value.blocks["n0.mesh."]?.randomElement(using: &random)?.leaseEnd = now + 6
    } judge: { reply in
      let records = reply.answer.records.filter { $0.type != .cname }
      guard !records.isEmpty else {
        return reply.code == .noError && reply.authority.count == 1 ? nil : "nothing, and no SOA"
      }
      guard Set(records).count == records.count, reply.authority.isEmpty else {
        return "mixed:\(reply.answer)"
      }
      // Behind the alias a lease may have been renewed between the two sections.
      guard reply.question?.type == .srv, reply.answer.count == records.count else { return nil }
      let targets = records.map { DomainName(uncheckedWire: Array($0.rdata[6...])) }
      return reply.additional.records.map(\.owner) == targets ? nil : "mixed:\(reply)"
    }
    #expect(faults == [])
  }

  @Test("a name below a wildcard that comes and goes is never without data")
  func wildcardBeside() {
    let served = ZoneUnderTest("mesh.", RotationTests.head + "* A 10.0.0.0")
    let writer = Unchecked(InstanceWriter(served.zone))
    let queries = ["web.mesh.", "api.mesh.", "i.mesh."].map { QueryMessage($0, .a) }
    let faults = faults(served.domain, queries: queries, rounds: 3000) { round in
      if round % 2 == 0 {
        writer.value.zone.publish(RRset("web.mesh. 5 A 10.0.0.1"))
        writer.value.publish([ServedInstance("i.mesh.", ["10.0.0.1"])], at: "api.mesh.")
      } else {
        writer.value.zone.withdraw(ZoneUnderTest.name("web.mesh."), .a)
        writer.value.publish([], at: "api.mesh.")
      }
    } judge: { reply in
      ["10.0.0.0", "10.0.0.1"].contains(reply.answer.values.first)
        ? nil : "\(reply.code)\(reply.answer)"
    }
    #expect(faults == [])
  }

  @Test("static records that are replaced are of one state, beside names that come and go")
  func replacedRecords() {
    let served = ZoneUnderTest("mesh.", RotationTests.head + "alias CNAME v0\nv0 A 10.0.0.0")
    let (domain, zone) = (served.domain, Unchecked(served.zone))
    let apex = ZoneUnderTest.name("mesh.")
    let writer = Unchecked(InstanceWriter(served.zone))
    let queries = ["alias.mesh.", "kept.mesh.", "none.mesh.", "i.kept.mesh."]
      .map { QueryMessage($0, .a) }
    writer.value.publish([ServedInstance("i.kept.mesh.", ["10.1.1.1"])], at: "kept.mesh.")
    let faults = faults(domain, queries: queries, rounds: 800) { round in
      let text = RotationTests.head + "alias CNAME v\(round)\nv\(round) A 10.0.0.\(round % 256)"
      _ = zone.value.replaceStatic(with: ZoneText(text, origin: apex).records)
      let name = "x\(round % 7).mesh."
      writer.value.publish([ServedInstance("i.\(name)", ["10.2.2.2"])], at: name)
      if round % 3 == 0 {
        writer.value.publish([ServedInstance("i.kept.mesh.", ["10.1.1.1"])], at: "kept.mesh.")
      }
      domain.publish([zone.value])
      writer.value.publish([], at: "x\(round % 5).mesh.")
    } judge: { reply in
      switch reply.question?.name.description {
      case "kept.mesh.", "i.kept.mesh.":
        return reply.answer.values == ["10.1.1.1"] ? nil : "kept is gone"
      case "none.mesh.": return reply.authority.count == 1 ? nil : "nothing, and no SOA"
      default: return reply.answer.count == 2 ? nil : "mixed:\(reply.answer)"
      }
    }
    #expect(faults == [])
  }

  @Test("zones that are replaced are seen before or after, never half")
  func replacedZones() {
    let served = ZoneUnderTest("mesh.", "@ SOA ns h 0 1 1 1 1\n@ NS ns.elsewhere.\nweb A 10.0.0.0")
    let domain = served.domain
    let apex = ZoneUnderTest.name("mesh.")
    let queries = [QueryMessage("web.mesh.", .a), QueryMessage("none.mesh.", .a)]
    let faults = faults(domain, queries: queries, rounds: 800) { round in
      let addresses = (0...round % 5).map { "web A 10.\(round / 256).\(round % 256).\($0)" }
      let text = "@ SOA ns h \(round) 1 1 1 1\n@ NS ns.elsewhere.\n"
      let records = ZoneText(text + addresses.joined(separator: "\n"), origin: apex).records
      domain.publish([Zone(apex: apex, records: records, in: domain)])
    } judge: { reply in
      if reply.code == .nameError, reply.authority.count == 1 { return nil }
      return reply.code == .noError && !reply.answer.isEmpty && Self.isWhole(reply.answer)
        ? nil : "\(reply.code)\(reply.answer)"
    }
    #expect(faults == [])
  }
}

/// Services' instances as one writer changes them; what it replaces is freed.
private final class InstanceWriter {
  let zone: Zone
  private(set) var blocks: [String: [InstanceBlock]] = [:]

  init(_ zone: Zone) {
    self.zone = zone
  }

  func publish(_ instances: [ServedInstance], at owner: String) {
    blocks[owner] = zone.publish(instances, at: owner, insteadOf: blocks[owner] ?? [])
  }
}

/// The time that readers answer at.
private final class Clock: Sendable {
  let time = Atomic<BootTime>(0)
}

/// Lets the writer's thread use what this one made; only that thread uses it meanwhile.
private struct Unchecked<Value>: @unchecked Sendable {
  let value: Value

  init(_ value: Value) {
    self.value = value
  }
}
