// Discovery by DNS, against servers that behave as a test tells them.

import DNSWire
import NIOCore
import RollcallClient
import Synchronization
import TestSupport
import Testing

@Suite("Discovery", .timeLimit(.minutes(1)))
struct DiscoveryTests {
  private static let answer: DiscoveryServer.Script = { $0.reply { $0.answerWithTwo() } }
  private static let two = [
    Endpoint(address: "10.0.0.2", port: 8081, host: "w2.web.mesh.internal", weight: 3),
    Endpoint(address: "10.0.0.1", port: 8080, host: "w1.web.mesh.internal", priority: 1),
  ]

  private func directory(
    _ servers: DiscoveryServer..., change: (inout DNSDirectory.Configuration) -> Void = { _ in }
  ) throws -> DNSDirectory {
    var configuration = DNSDirectory.Configuration(servers: servers.map(\.address))
    configuration.timeout = .seconds(20)
    configuration.rounds = 1
    change(&configuration)
    return try DNSDirectory(configuration)
  }

  // MARK: Answers

  @Test("tells of instances in the server's order, and asks once within their TTL")
  func order() async throws {
    let server = try await DiscoveryServer(Self.answer)
    let directory = try directory(server)
    #expect(try await directory.endpoints(of: "web") == Self.two)
    #expect(try await directory.endpoints(of: "WEB") == Self.two)
    #expect(server.queries.map(\.name) == ["web.mesh.internal."])
    #expect(server.queries.first?.type == .srv)
  }

  @Test("asks for addresses that the reply does not have, of the other family where one has none")
  func missingAddresses() async throws {
    let server = try await DiscoveryServer { query in
      query.reply { reply in
        switch (query.name, query.type) {
        case (_, .srv):
          for host in ["v4", "v6", "none"] {
            reply.answer.append(
              .srv("web.mesh.internal", ttl: 60, port: 80, "\(host).mesh.internal"))
          }
        case ("v4.mesh.internal.", .a):
          reply.answer = [.address("v4.mesh.internal", ttl: 60, "10.0.0.4")]
        case ("v6.mesh.internal.", .aaaa):
          reply.answer = [
            .cname("v6.mesh.internal", ttl: 60, "other.example"),
            .address("other.example", ttl: 60, "fd00::6"),
          ]
        default: reply.authority = [.soa("mesh.internal", ttl: 60, minimum: 60)]
        }
      }
    }
    let found = try await directory(server).endpoints(of: "web")
    #expect(found.map(\.address) == ["10.0.0.4", "fd00::6"])
    #expect(found.map(\.host) == ["v4.mesh.internal", "v6.mesh.internal"])
  }

  @Test("takes one address of each instance, of the family that is preferred")
  func families() async throws {
    let server = try await DiscoveryServer { query in
      query.reply { reply in
        reply.answer = [.srv("web.mesh.internal", ttl: 60, port: 80, "w.mesh.internal")]
        reply.additional = [
          .address("w.mesh.internal", ttl: 60, "10.0.0.1"),
          .address("w.mesh.internal", ttl: 60, "fd00::1"),
        ]
      }
    }
    #expect(try await directory(server).endpoints(of: "web").map(\.address) == ["10.0.0.1"])
    let second = try directory(server) { $0.prefersIPv6 = true }
    #expect(try await second.endpoints(of: "web").map(\.address) == ["fd00::1"])
  }

  @Test("takes the same address of an instance whatever their order is")
  func rotatedAddresses() async throws {
    let server = try await DiscoveryServer { query in
      query.reply { reply in
        let addresses = ["10.0.0.10", "10.0.0.9", "10.0.1.0"]
        let first = query.number % addresses.count
        reply.answer = [.srv("web.mesh.internal", ttl: 0, port: 80, "w.mesh.internal")]
        reply.additional = (addresses[first...] + addresses[..<first]).map {
          .address("w.mesh.internal", ttl: 0, $0)
        }
      }
    }
    let directory = try directory(server)
    for _ in 0..<3 {
      #expect(try await directory.endpoints(of: "web").map(\.address) == ["10.0.0.9"])
    }
    #expect(server.queries.count == 3)
  }

  @Test("leaves out instances whose addresses can't be had, and asks again soon")
  func unresolved() async throws {
    let server = try await DiscoveryServer { query in
      query.reply { reply in
        switch (query.name, query.type) {
        case ("web.mesh.internal.", _), ("none.mesh.internal.", _):
          reply.answer = [.srv(query.name, ttl: 60, port: 80, "bad.mesh.internal")]
          guard query.name.hasPrefix("web") else { return }
          reply.answer.append(.srv(query.name, ttl: 60, port: 80, "good.mesh.internal"))
        case ("good.mesh.internal.", .a):
          reply.answer = [.address("good.mesh.internal", ttl: 60, "10.0.0.1")]
        default: reply.flags |= ResponseCode.serverFailure.rawValue
        }
      }
    }
    let directory = try directory(server)
    try await wait(for: "another look at the service") {
      let found = try await directory.endpoints(of: "web")
      guard found.map(\.address) == ["10.0.0.1"] else { throw Failure("\(found)") }
      return server.queries.count { $0.type == .srv } > 1
    }
    let error = await #expect(throws: RollcallError.self) {
      try await directory.endpoints(of: "none")
    }
    #expect(error?.kind == .noAnswer)
  }

  @Test("says that a service has no instances, and that there is no such service")
  func absence() async throws {
    let server = try await DiscoveryServer { query in
      query.reply { reply in
        if query.name == "no.mesh.internal." { reply.flags |= ResponseCode.nameError.rawValue }
        reply.authority = [.soa("mesh.internal", ttl: 60, minimum: 60)]
      }
    }
    let directory = try directory(server)
    for _ in 0..<2 {
      #expect(try await directory.endpoints(of: "web").isEmpty)
      let error = await #expect(throws: RollcallError.self) {
        try await directory.endpoints(of: "no")
      }
      #expect(error?.kind == .serviceUnknown)
    }
    #expect(server.queries.count == 2)
  }

  @Test("refuses what is no name before anything is sent", arguments: ["", "a..b", "\\", "."])
  func badNames(name: String) async throws {
    let server = try await DiscoveryServer(Self.answer)
    let directory = try directory(server)
    let error = await #expect(throws: RollcallError.self) {
      try await directory.endpoints(of: name)
    }
    #expect(error?.kind == .setting)
    #expect(server.queries.isEmpty)
  }

  // MARK: Transport

  @Test("asks again over TCP where the reply is truncated")
  func truncation() async throws {
    let server = try await DiscoveryServer { query in
      query.reply { reply in
        if query.isTCP { reply.answerWithTwo() } else { reply.flags |= HeaderFlags.truncated }
      }
    }
    #expect(try await directory(server).endpoints(of: "web") == Self.two)
    #expect(server.queries.map(\.isTCP) == [false, true])
  }

  @Test("asks a server by IPv6")
  func overV6() async throws {
    let server = try await DiscoveryServer(on: "::1", Self.answer)
    let directory = try DNSDirectory(.init(servers: ["[::1]:\(server.port)"]))
    #expect(try await directory.endpoints(of: "web") == Self.two)
  }

  @Test("ignores replies with another id or question, and what is no reply")
  func forgeries() async throws {
    let server = try await DiscoveryServer { query in
      let forged = { (reply: inout ReplyMessage) in
        reply.answer = [.srv("web.mesh.internal", ttl: 60, port: 66, "evil.mesh.internal")]
        reply.additional = [.address("evil.mesh.internal", ttl: 60, "10.6.6.6")]
      }
      query.send([])
      query.send([1, 2, 3])
      query.send(query.octets)
      query.reply { reply in
        forged(&reply)
        reply.id &+= 1
      }
      query.reply { reply in
        forged(&reply)
        reply.question = ReplyMessage("wab.mesh.internal", .srv).question
      }
      query.reply { reply in
        forged(&reply)
        reply.question = ReplyMessage("web.mesh.internal", .a).question
      }
      query.reply { $0.answerWithTwo() }
    }
    #expect(try await directory(server).endpoints(of: "web") == Self.two)
  }

  @Test("draws a new port and id for each query")
  func randomness() async throws {
    let server = try await DiscoveryServer { query in
      query.reply { reply in
        reply.answerWithTwo()
        reply.answer[0].ttl = 0
      }
    }
    let directory = try directory(server)
    for _ in 0..<20 { _ = try await directory.endpoints(of: "web") }
    #expect(server.queries.count == 20)
    #expect(Set(server.queries.map(\.id)).count > 15)
    #expect(Set(server.queries.map(\.source)).count > 15)
  }

  // MARK: Several servers

  @Test(
    "goes to the next server when one is silent, fails, refuses, or is not responsible",
    arguments: [nil, ResponseCode.serverFailure, .refused, .notImplemented, .noError])
  func nextServer(code: ResponseCode?) async throws {
    let first = try await DiscoveryServer { query in
      guard let code else { return }
      query.reply { $0.flags = HeaderFlags.response | code.rawValue }
    }
    let second = try await DiscoveryServer(Self.answer)
    let directory = try directory(first, second) {
      // Longer than a busy machine takes to reply.
      if code == nil { $0.timeout = .seconds(3) }
    }
    #expect(try await directory.endpoints(of: "web") == Self.two)
    #expect(try await directory.endpoints(of: "web2").isEmpty)
    // The one that answered is asked first from then on.
    #expect(first.queries.count == 1)
  }

  @Test("takes no late reply of a server that was given up")
  func lateReply() async throws {
    let waiting = Mutex<ScriptedQuery?>(nil)
    let server = try await DiscoveryServer { query in
      guard query.number > 1 else { return waiting.withLock { $0 = query } }
      waiting.withLock { $0 }?.reply { reply in
        reply.answer = [.srv("web.mesh.internal", ttl: 60, port: 66, "late.mesh.internal")]
        reply.additional = [.address("late.mesh.internal", ttl: 60, "10.6.6.6")]
      }
      query.reply { $0.answerWithTwo() }
    }
    let directory = try directory(server) {
      $0.timeout = .milliseconds(200)
      $0.rounds = 10
    }
    #expect(try await directory.endpoints(of: "web") == Self.two)
  }

  @Test("says what each server did when none answers")
  func noAnswer() async throws {
    let first = try await DiscoveryServer { $0.reply { $0.flags |= 2 } }
    let second = try await DiscoveryServer { $0.reply { $0.flags |= 5 } }
    let directory = try directory(first, second)
    let error = await #expect(throws: RollcallError.self) {
      try await directory.endpoints(of: "web")
    }
    #expect(error?.kind == .noAnswer)
    #expect(error?.description.contains("\(first.address): SERVFAIL") == true)
    #expect(error?.description.contains("\(second.address): REFUSED") == true)
    // Who has said no is not asked again in the second round.
    #expect(first.queries.count == 1 && second.queries.count == 1)
  }

  // MARK: Time

  @Test("shares one question among callers, and forgets what has TTL 0")
  func sharing() async throws {
    let held = Mutex<[ScriptedQuery]>([])
    let server = try await DiscoveryServer { query in held.withLock { $0.append(query) } }
    let directory = try directory(server)
    let reply = { (query: ScriptedQuery) in
      query.reply { reply in
        reply.answerWithTwo()
        reply.answer[1].ttl = 0
      }
    }
    async let first = directory.endpoints(of: "web")
    async let second = directory.endpoints(of: "web")
    try await wait(for: "a query") { held.withLock { !$0.isEmpty } }
    held.withLock { $0.forEach(reply) }
    #expect(try await first == Self.two)
    #expect(try await second == Self.two)
    async let third = directory.endpoints(of: "web")
    try await wait(for: "another query") { server.queries.count >= 2 }
    held.withLock { reply($0[$0.count - 1]) }
    #expect(try await third == Self.two)
  }

  @Test("asks again in the background before the TTL is over")
  func refresh() async throws {
    let server = try await DiscoveryServer { query in
      query.reply { reply in
        reply.answerWithTwo()
        for index in reply.answer.indices { reply.answer[index].ttl = 1 }
      }
    }
    let directory = try directory(server)
    try await wait(for: "a second query") {
      guard try await directory.endpoints(of: "web") == Self.two else { throw Failure("others") }
      return server.queries.count > 1
    }
  }

  @Test("serves the last known instances while no server answers, then what they say again")
  func stale() async throws {
    let isAway = Atomic<Bool>(false)
    let server = try await DiscoveryServer { query in
      guard !isAway.load(ordering: .relaxed) else { return query.reply { $0.flags |= 2 } }
      query.reply { reply in
        reply.answerWithTwo()
        reply.answer[0].ttl = 0
        if query.number > 1 { reply.answer.removeLast() }
      }
    }
    let directory = try directory(server)
    #expect(try await directory.endpoints(of: "web") == Self.two)
    isAway.store(true, ordering: .relaxed)
    for _ in 0..<3 { #expect(try await directory.endpoints(of: "web") == Self.two) }
    isAway.store(false, ordering: .relaxed)
    try await wait(for: "the answer of a server that is back") {
      try await directory.endpoints(of: "web").count == 1
    }
  }

  @Test("ends at once for a caller that is cancelled, and goes on for the others")
  func cancellation() async throws {
    let held = Mutex<ScriptedQuery?>(nil)
    let server = try await DiscoveryServer { query in held.withLock { $0 = query } }
    let directory = try directory(server)
    let first = Task { try await directory.endpoints(of: "web") }
    async let second = directory.endpoints(of: "web")
    try await wait(for: "a query") { held.withLock { $0 != nil } }
    first.cancel()
    await #expect(throws: CancellationError.self) { try await first.value }
    held.withLock { $0 }?.reply { $0.answerWithTwo() }
    #expect(try await second == Self.two)
  }

  // MARK: Settings

  @Test("refuses settings that can't be right")
  func settings() throws {
    let changes: [(inout DNSDirectory.Configuration) -> Void] = [
      { $0.servers = [] }, { $0.servers = Array(repeating: "127.0.0.1", count: 17) },
      { $0.servers = ["localhost:53"] }, { $0.servers = ["127.0.0.1:0"] },
      { $0.servers = ["::1:x"] }, { $0.servers = ["[127.0.0.1]:53"] }, { $0.zone = "a..b" },
      { $0.timeout = .zero }, { $0.timeout = .seconds(61) }, { $0.rounds = 0 }, { $0.rounds = 11 },
      { $0.staleFor = .seconds(-1) }, { $0.nameLimit = 0 },
    ]
    for change in changes {
      var configuration = DNSDirectory.Configuration()
      change(&configuration)
      let error = #expect(throws: RollcallError.self) { try DNSDirectory(configuration) }
      #expect(error?.kind == .setting)
    }
    for server in ["127.0.0.1", "::1", "[::1]", "[::1]:53", "127.0.0.1:65535"] {
      _ = try DNSDirectory(.init(servers: [server]))
    }
  }
}

extension ReplyMessage {
  /// Two instances of `web`, w2 before w1, for a minute.
  fileprivate mutating func answerWithTwo() {
    answer = [
      .srv("web.mesh.internal", ttl: 60, weight: 3, port: 8081, "w2.web.mesh.internal"),
      .srv("web.mesh.internal", ttl: 60, priority: 1, port: 8080, "w1.web.mesh.internal"),
    ]
    additional = [
      .address("w1.web.mesh.internal", ttl: 60, "10.0.0.1"),
      .address("w2.web.mesh.internal", ttl: 60, "10.0.0.2"),
    ]
  }
}
