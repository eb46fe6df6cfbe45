// One writer and several readers at the same time: a reply never mixes two states.

import DNSWire
import DNSZone
import Synchronization
import TestSupport
import Testing

@Suite("Readers beside the writer")
struct ZoneStressTests {
  private static let names = (0..<6).map { "n\($0).mesh." }

  /// Version `version` of a name's addresses: the version stands in each, the number follows from
  /// it.
  private static func rrset(_ name: String, version: Int) -> RRset {
    let count = 1 + version % 5
    let lines = (0..<count).map { "\(name) 5 A 10.\(version / 256).\(version % 256).\($0)" }
    let weights = version % 3 == 0 ? (0..<count).map { UInt32(1 + $0) } : []
    return RRset(lines.joined(separator: "\n"), weights: weights)
  }

  /// Whether the records are exactly those of one version.
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
    _ domain: ZoneDomain, queries: [QueryMessage], rounds: Int,
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
        let reply = responder.reply(to: octets[asked % octets.count], isUDP: true, at: 0)
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
    let zone = Unchecked(served.zone)
    let queries =
      (Self.names + ["alias.mesh.", "fixed.mesh.", "pinned.mesh.", "x.n1.mesh."])
      .map { QueryMessage($0, .a) }
    let faults = faults(served.domain, queries: queries, rounds: 3000) { round in
      var random = SeededRandom(seed: UInt64(round))
      let name = Self.names.randomElement(using: &random)!
      switch Int.random(in: 0..<8, using: &random) {
      case 0: zone.value.withdraw(ZoneUnderTest.name(name), .a)
      case 1: zone.value.publish(RRset("x\(round % 300).\(name) 5 TXT \"\(round)\""))
      case 2: zone.value.withdraw(ZoneUnderTest.name("x\(round % 300).\(name)"), .txt)
      default: zone.value.publish(Self.rrset(name, version: round))
      }
    } judge: { reply in
      let asked = reply.question?.name.description ?? "no question"
      var answer = reply.answer
      if asked == "alias.mesh." {
        guard answer.records.first?.type == .cname else { return "alias without CNAME" }
        answer = RecordSection(Array(answer.records.dropFirst()))
      }
      if asked == "fixed.mesh.", reply.answer.values != ["10.255.0.0"] { return "fixed is gone" }
      if asked == "pinned.mesh.", reply.code != .noError { return "pinned is gone" }
      if asked != "fixed.mesh.", !Self.isWhole(answer) { return "mixed:\(answer)" }
      if answer.isEmpty, reply.authority.count != 1 { return "nothing, and no SOA: \(asked)" }
      return reply.isAuthoritative ? nil : "not authoritative: \(asked)"
    }
    #expect(faults == [])
  }

  @Test("a name below a wildcard that comes and goes is never without data")
  func wildcardBeside() {
    let served = ZoneUnderTest("mesh.", RotationTests.head + "* A 10.0.0.0")
    let zone = Unchecked(served.zone)
    let faults = faults(
      served.domain, queries: [QueryMessage("web.mesh.", .a)], rounds: 3000
    ) { round in
      if round % 2 == 0 {
        zone.value.publish(RRset("web.mesh. 5 A 10.0.0.1"))
      } else {
        zone.value.withdraw(ZoneUnderTest.name("web.mesh."), .a)
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
    let queries = ["alias.mesh.", "kept.mesh.", "none.mesh."].map { QueryMessage($0, .a) }
    zone.value.publish(RRset("kept.mesh. 5 A 10.1.1.1"))
    let faults = faults(domain, queries: queries, rounds: 800) { round in
      let text = RotationTests.head + "alias CNAME v\(round)\nv\(round) A 10.0.0.\(round % 256)"
      _ = zone.value.replaceStatic(with: ZoneText(text, origin: apex).records)
      zone.value.publish(RRset("x\(round % 7).mesh. 5 A 10.2.2.2"))
      domain.publish([zone.value])
      zone.value.withdraw(ZoneUnderTest.name("x\(round % 5).mesh."), .a)
    } judge: { reply in
      switch reply.question?.name.description {
      case "kept.mesh.": return reply.answer.values == ["10.1.1.1"] ? nil : "kept is gone"
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

/// Lets the writer's thread use what this one made; only that thread uses it meanwhile.
private struct Unchecked<Value>: @unchecked Sendable {
  let value: Value

  init(_ value: Value) {
    self.value = value
  }
}
