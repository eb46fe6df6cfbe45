// One counter for all threads and transports.

import DNSWire
import DNSZone
import TestSupport
import Testing

@Suite("Turns shared by threads")
struct SharedTurnTests {
  @Test("responders of one domain take turns from one counter", arguments: [false, true])
  func responders(areRegistered: Bool) throws {
    let served =
      areRegistered
      ? RotationTests.served(RotationTests.instances(6))
      : RotationTests.served(RotationTests.addresses(6))
    let responders = (0..<3).compactMap { _ in
      Responder(domain: served.domain, settings: .underTest)
    }
    let query = QueryMessage("web.mesh.", .a).octets
    for turn in 0..<36 {
      let isUDP = turn % 2 == 0
      let reply = try Message(responders[turn % 3].reply(to: query, isUDP: isUDP, at: 0))
      #expect(reply.answer.values[0] == "10.0.0.\(turn % 6)")
    }
  }

  /// How often each record came first when four threads asked at the same time.
  private func firsts(_ domain: ZoneDomain, _ query: [UInt8], rounds: Int) -> [String: Int] {
    let counts = runThreads(4) { thread in
      var own: [String: Int] = [:]
      guard let responder = Responder(domain: domain, settings: .underTest) else { return own }
      for round in 0..<rounds {
        let isUDP = (thread + round) % 3 > 0
        let octets = responder.reply(to: query, isUDP: isUDP, at: 0)
        let first = (try? Message(octets))?.answer.records.first { $0.type != .cname }
        own[first?.rdataText ?? "unreadable", default: 0] += 1
      }
      return own
    }
    return counts.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
  }

  @Test("four threads: every record comes first exactly as often as the others")
  func equalWeights() {
    for served in [
      RotationTests.served(RotationTests.addresses(8)),
      RotationTests.served(RotationTests.instances(8)),
    ] {
      let counts = firsts(served.domain, QueryMessage("web.mesh.", .a).octets, rounds: 400)
      #expect(counts == Dictionary(uniqueKeysWithValues: (0..<8).map { ("10.0.0.\($0)", 200) }))
    }
  }

  @Test("four threads: every record comes first exactly by its weight")
  func weights() {
    let served = RotationTests.served(RotationTests.instances(3, weights: [1, 2, 5]))
    let counts = firsts(served.domain, QueryMessage("web.mesh.", .a).octets, rounds: 400)
    #expect(counts == ["10.0.0.0": 200, "10.0.0.1": 400, "10.0.0.2": 1000])
  }

  @Test("four threads: the same holds behind an alias, where a turn may be lost to another thread")
  func behindAlias() {
    let served = ZoneUnderTest(
      "mesh.",
      RotationTests.head + """
        alias CNAME web
        web A 10.0.0.1
        web A 10.0.0.2
        web A 10.0.0.3
        registered CNAME api
        """)
    served.zone.publish(
      (1...3).map { ServedInstance("i\($0).api.mesh.", ["10.0.0.\($0)"], weight: 9) },
      at: "api.mesh.")
    for alias in ["alias.mesh.", "registered.mesh."] {
      let counts = firsts(served.domain, QueryMessage(alias, .a).octets, rounds: 300)
      #expect(counts == ["10.0.0.1": 400, "10.0.0.2": 400, "10.0.0.3": 400])
    }
  }
}
