// What ordinary DNS clients see of registered instances.

import DNSWire
import TestSupport
import Testing

extension EndToEnd {
  @Suite("Resolution")
  struct Resolution {
    private static let three: Set<String> = ["10.0.0.1", "10.0.0.2", "10.0.0.3"]

    @Test("In any three answers to dig, every record comes first once")
    func rotation() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        try await server.registerThree()
        var answers: [[String]] = []
        for _ in 0..<9 { answers.append(try await server.digShort("web.mesh.internal", "A")) }
        for answer in answers {
          #expect(answer.count == 3 && Set(answer) == Self.three, "\(answer)")
        }
        for start in 0...6 {
          #expect(Set(answers[start..<start + 3].compactMap(\.first)) == Self.three, "\(answers)")
        }
      }
    }

    @Test("UDP and TCP clients of all kinds take turns at one counter")
    func sharedTurns() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        try await server.registerThree()
        let port = "\(server.ready.dnsPort)"
        for _ in 0..<3 {
          let question = ["-p", port, "@127.0.0.1", "web.mesh.internal", "A"]
          let drill = try await site.run(["drill"] + question)
          let kdig = try await site.run(["kdig", "+tcp", "+short"] + question)
          let dig = try await server.digShort("web.mesh.internal", "A")
          let drilled = DigOutput(drill.text)
          #expect(drill.isSuccess && kdig.isSuccess)
          let answers = [
            drilled.values("A"), kdig.text.split(separator: "\n").map(String.init), dig,
          ]
          for answer in answers { #expect(Set(answer) == Self.three && answer.count == 3) }
          #expect(Set(answers.compactMap(\.first)) == Self.three, "\(answers)")
        }
      }
    }

    @Test("With 8 clients at 4 workers every record comes first equally often")
    func concurrentTurns() async throws {
      try await withSite { site in
        let server = try await site.startServer(["--workers", "4"])
        try await server.registerThree()
        let dns = server.dns
        let firsts = try await onOwnThread {
          runThreads(8) { client in
            (0..<60).map { number in
              let kind: LoopbackSocket.Kind = (client + number).isMultiple(of: 6) ? .tcp : .udp
              let reply = try? dns.ask("web.mesh.internal.", .a, over: kind)
              return reply?.answer.values.first ?? "no answer"
            }
          }
        }
        let counts = Dictionary(grouping: firsts.joined()) { $0 }.mapValues(\.count)
        #expect(counts == ["10.0.0.1": 160, "10.0.0.2": 160, "10.0.0.3": 160])
      }
    }

    @Test("Weights are shares of the turns; only the best priority that has anybody is given")
    func weightsAndPriorities() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        try await server.register("web", "a", #"{"address": "10.0.0.1", "weight": 30}"#)
        try await server.register("web", "b", #"{"address": "10.0.0.2", "weight": 10}"#)
        let spare = #"{"address": "10.0.0.3", "port": 80, "priority": 1}"#
        try await server.register("web", "spare", spare)
        var firsts: [String] = []
        for _ in 0..<8 {
          let answer = try await server.digShort("web.mesh.internal", "A")
          #expect(Set(answer) == ["10.0.0.1", "10.0.0.2"])
          firsts += answer.prefix(1)
        }
        for start in 0...4 {
          let turns = firsts[start..<start + 4]
          #expect(turns.count { $0 == "10.0.0.1" } == 3, "\(firsts)")
        }
        for id in ["a", "b"] {
          let path = "/v1/services/web/instances/\(id)/renew"
          let renewal = try await server.curl("POST", path, #"{"status": "critical"}"#)
          #expect(renewal.status == 200)
        }
        #expect(try await server.digShort("web.mesh.internal", "A") == ["10.0.0.3"])
      }
    }

    @Test("SRV has ports and targets, and the targets' addresses beside them")
    func srv() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        try await server.registerThree()
        let targets = (1...3).map { "web-\($0).web.mesh.internal." }
        for name in ["_web._tcp.mesh.internal", "web.mesh.internal"] {
          let reply = try await server.dig(name, "SRV")
          #expect(reply.status == "NOERROR" && reply.flags == ["qr", "aa", "rd"])
          #expect(Set(reply.values("SRV")) == Set(targets.map { "0 1 8080 \($0)" }))
          let fields = reply.additional.map { $0.split(separator: " ") }
          let beside = Set(fields.map { "\($0[0]) \($0[4])" })
          #expect(beside == Set((1...3).map { "web-\($0).web.mesh.internal. 10.0.0.\($0)" }))
        }
        for number in 1...3 {
          #expect(
            try await server.digShort(targets[number - 1], "A") == ["10.0.0.\(number)"])
        }
      }
    }

    @Test("Named ports, tags, protocols and dotted services have their names")
    func otherOwners() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        try await server.register(
          "web.prod", "a",
          #"""
          {"addresses": ["10.1.0.1", "fd00::1"], "port": 80, "tags": ["v2"],
           "ports": {"grpc": 9090, "dns": {"port": 53, "protocol": "udp"}}}
          """#)
        try await server.register("log", "b", #"{"port": 514, "protocol": "udp"}"#)
        let target = "0 1 80 a.web.prod.mesh.internal."
        let srv = [
          ("_web._tcp.prod", target), ("web.prod", target), ("v2.tag.web.prod", target),
          ("a.web.prod", target), ("_grpc._tcp.web.prod", "0 1 9090 a.web.prod.mesh.internal."),
          ("_dns._udp.web.prod", "0 1 53 a.web.prod.mesh.internal."),
          ("_log._udp", "0 1 514 b.log.mesh.internal."),
        ]
        for (name, value) in srv {
          #expect(try await server.digShort("\(name).mesh.internal", "SRV") == [value], "\(name)")
        }
        for name in ["web.prod", "a.web.prod", "v2.tag.web.prod"] {
          #expect(try await server.digShort("\(name).mesh.internal", "A") == ["10.1.0.1"])
          #expect(try await server.digShort("\(name).mesh.internal", "AAAA") == ["fd00::1"])
        }
      }
    }

    @Test("TXT of an instance is its metadata, or one empty string")
    func txt() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        try await server.register(
          "web", "a", #"{"port": 80, "metadata": {"version": "1.2", "zone": "b c"}}"#)
        try await server.register("web", "b", #"{"port": 80}"#)
        let metadata = try await server.digShort("a.web.mesh.internal", "TXT")
        #expect(
          Set(metadata.first?.replacing("\" \"", with: "\"|\"").split(separator: "|") ?? [])
            == ["\"version=1.2\"", "\"zone=b c\""])
        #expect(try await server.digShort("b.web.mesh.internal", "TXT") == ["\"\""])
      }
    }

    @Test("What is not there is NODATA, NXDOMAIN or REFUSED, each in its way")
    func negative() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        try await server.registerThree()

        let noData = try await server.dig("web.mesh.internal", "AAAA")
        #expect(noData.status == "NOERROR" && noData.answer.isEmpty && noData.flags.contains("aa"))
        let missing = try await server.dig("nothing.mesh.internal", "A")
        #expect(missing.status == "NXDOMAIN" && missing.flags.contains("aa"))
        for reply in [noData, missing] {
          #expect(reply.authority.count == 1)
          let soa = try #require(reply.authority.first)
          #expect(soa.hasPrefix("mesh.internal. 1 IN SOA ns.mesh.internal. "))
        }
        let outside = try await server.dig("example.com", "A")
        #expect(outside.status == "REFUSED" && !outside.flags.contains("aa"))
        #expect(outside.answer.isEmpty && outside.authority.isEmpty)
      }
    }

    @Test("The question comes back as it was written, and is compared without regard to case")
    func questionCase() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        try await server.registerThree()
        let reply = try await server.dig("WeB.mEsh.InternaL", "A")
        #expect(Set(reply.values("A")) == Self.three)
        #expect(reply.text.contains(";WeB.mEsh.InternaL."))
      }
    }

    @Test("CHAOS names say which server this is")
    func chaos() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        let version = try await server.digShort("CH", "version.bind", "TXT")
        #expect(version.first?.hasPrefix("\"Rollcall ") == true)
        let id = try await server.dig("CH", "id.server", "TXT")
        #expect(id.status == "NOERROR" && id.answer.count == 1)
      }
    }

    @Test("An OPT record comes back exactly when one came; a version not known is BADVERS")
    func edns() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        try await server.registerThree()
        let with = try await server.dig("+edns=0", "+nocookie", "web.mesh.internal", "A")
        #expect(with.edns?.hasPrefix("version: 0, flags:; udp: 1232") == true, "\(with.text)")
        let without = try await server.dig("+noedns", "web.mesh.internal", "A")
        #expect(without.edns == nil && without.values("A").count == 3)
        let other = try await server.dig("+edns=1", "+noednsnegotiation", "web.mesh.internal", "A")
        #expect(other.status == "BADVERS")
      }
    }
  }
}
