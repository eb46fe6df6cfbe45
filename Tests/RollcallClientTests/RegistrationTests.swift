// Keeping an instance registered, against servers that reply as a test tells them.

import Foundation
import Logging
import RollcallClient
import ServiceLifecycle
import TestSupport
import Testing

@Suite("A registration", .timeLimit(.minutes(1)))
struct RegistrationTests {
  private static let put = "PUT /v1/services/web/instances/web-1"
  private static let renew = "POST /v1/services/web/instances/web-1/renew"
  private static let drain = "POST /v1/services/web/instances/web-1/drain"
  private static let show = "GET /v1/services/web/instances/web-1"
  private static let delete = "DELETE /v1/services/web/instances/web-1"

  private func instance(lease: Int? = 300) -> Instance {
    var instance = Instance(service: "web", id: "web-1", port: 8080)
    instance.leaseSeconds = lease
    return instance
  }

  private static func draining(until end: String) -> ScriptedReply {
    ScriptedReply(status: 200, body: #"{"status":"draining","safe_at":"\#(end)"}"#)
  }

  /// Runs `body` while the registration is kept; the application then shuts down gracefully.
  private func keep(
    _ registration: Registration, _ body: () async throws -> Void
  ) async throws {
    let group = ServiceGroup(
      configuration: .init(
        services: [
          .init(service: registration, successTerminationBehavior: .gracefullyShutdownGroup)
        ],
        logger: Logger(label: "test")))
    async let end: Void = group.run()
    try await body()
    await group.triggerGracefulShutdown()
    try await end
  }

  @Test("says all of the instance and the token, and drains the instance at the end")
  func wholeLife() async throws {
    let server = try await RegistrationServer { request, number in
      if request.line == Self.show, number > 3 { return .problem(404, "no such instance") }
      return Self.draining(until: "2026-01-01T00:00:00Z")
    }
    var instance = instance(lease: nil)
    instance.addresses = ["10.0.0.1"]
    instance.ports = ["dns": .init(53, .udp)]
    instance.tags = ["v2"]
    instance.metadata = ["version": "1"]
    instance.status = .warning
    let registration = Registration(instance, at: try server.access(token: "rollcall_x"))
    try await keep(registration) {
      try await wait(for: "a registration") { !server.requests.isEmpty }
    }
    #expect(server.lines == [Self.put, Self.drain, Self.show, Self.show])
    let request = try #require(server.requests.first)
    #expect(request.token == "Bearer rollcall_x")
    let body = try JSONSerialization.jsonObject(with: Data(request.body.utf8)) as? NSDictionary
    #expect(
      body == [
        "addresses": ["10.0.0.1"], "port": 8080, "ports": ["dns": ["port": 53, "protocol": "udp"]],
        "protocol": "tcp", "weight": 1, "priority": 0, "tags": ["v2"],
        "metadata": ["version": "1"], "status": "warning", "lease_seconds": NSNull(),
      ])
  }

  @Test("deregisters the instance at the end if it is told so")
  func deregistration() async throws {
    let server = try await RegistrationServer { _, _ in ScriptedReply(status: 200) }
    let registration = Registration(instance(), at: try server.access(), ending: .deregister)
    try await keep(registration) {
      try await wait(for: "a registration") { !server.requests.isEmpty }
    }
    #expect(server.lines == [Self.put, Self.delete])
  }

  @Test("drains and asks again while the server can't do it, until the instance is gone")
  func drainAmidFailures() async throws {
    let server = try await RegistrationServer { _, number in
      switch number {
      case 2: ScriptedReply(status: 503, fields: [("Retry-After", "0")])
      case 3, 5: ScriptedReply(status: 200, extent: .none)
      case 6: .problem(404, "no such instance")
      default: Self.draining(until: "2999-01-01T00:00:00Z")
      }
    }
    try await keep(Registration(instance(), at: try server.access())) {
      try await wait(for: "a registration") { !server.requests.isEmpty }
    }
    #expect(
      server.lines == [Self.put, Self.drain, Self.drain, Self.drain, Self.show, Self.show])
  }

  @Test("waits no longer for an instance that somebody registered anew")
  func registeredAnew() async throws {
    let server = try await RegistrationServer { request, _ in
      request.line == Self.show
        ? ScriptedReply(status: 200, body: #"{"status":"passing"}"#)
        : Self.draining(until: "2999-01-01T00:00:00Z")
    }
    try await keep(Registration(instance(), at: try server.access())) {
      try await wait(for: "a registration") { !server.requests.isEmpty }
    }
    #expect(server.lines == [Self.put, Self.drain, Self.show])
  }

  @Test("waits no longer for a drain than it is told")
  func drainLimit() async throws {
    let server = try await RegistrationServer { _, _ in
      Self.draining(until: "2999-01-01T00:00:00Z")
    }
    let registration = Registration(
      instance(), at: try server.access(), ending: .drain(atMost: .milliseconds(300)))
    try await keep(registration) {
      try await wait(for: "a registration") { !server.requests.isEmpty }
    }
    #expect(server.lines.prefix(2) == [Self.put, Self.drain])
  }

  @Test("deregisters again while the server can't do it, also when it may have been done")
  func deregistrationAmidFailures() async throws {
    let server = try await RegistrationServer { _, number in
      switch number {
      case 2: ScriptedReply(status: 503, fields: [("Retry-After", "0")])
      case 3: ScriptedReply(status: 200, extent: .none)
      case 4: .problem(404, "no such instance")
      default: ScriptedReply(status: 200)
      }
    }
    let registration = Registration(instance(), at: try server.access(), ending: .deregister)
    try await keep(registration) {
      try await wait(for: "a registration") { !server.requests.isEmpty }
    }
    #expect(server.lines == [Self.put, Self.delete, Self.delete, Self.delete])
  }

  @Test("is renewed, and made again when the server does not know it any more")
  func forgotten() async throws {
    let server = try await RegistrationServer { _, number in
      number == 3 ? .problem(404, "no such instance") : ScriptedReply(status: 200)
    }
    try await keep(Registration(instance(lease: 1), at: try server.access())) {
      try await wait(for: "five requests") { server.requests.count >= 5 }
    }
    #expect(server.lines.prefix(5) == [Self.put, Self.renew, Self.renew, Self.put, Self.renew])
  }

  @Test("waits for a server that can't do it now")
  func unavailable() async throws {
    let server = try await RegistrationServer { _, number in
      guard number < 3 else { return ScriptedReply(status: 201) }
      return ScriptedReply(status: 503, fields: [("Retry-After", "0")])
    }
    try await keep(Registration(instance(lease: 1), at: try server.access())) {
      try await wait(for: "a renewal") { server.lines.contains(Self.renew) }
    }
    #expect(server.lines.prefix(4) == [Self.put, Self.put, Self.put, Self.renew])
  }

  @Test("tells a new status at once, and registers with it when it is forgotten")
  func status() async throws {
    let server = try await RegistrationServer { request, number in
      number == 3 ? .problem(404, "no such instance") : ScriptedReply(status: 200)
    }
    let registration = Registration(instance(), at: try server.access())
    try await keep(registration) {
      try await wait(for: "a registration") { server.requests.count == 1 }
      registration.setStatus(.warning)
      try await wait(for: "a renewal") { server.requests.count == 2 }
      registration.setStatus(.critical)
      try await wait(for: "another registration") { server.requests.count == 4 }
    }
    #expect(
      server.requests.prefix(3).map(\.body).dropFirst()
        == [#"{"status":"warning"}"#, #"{"status":"critical"}"#])
    #expect(server.lines.prefix(4) == [Self.put, Self.renew, Self.renew, Self.put])
    #expect(server.requests[3].body.contains(#""status":"critical""#))
  }

  @Test(
    "ends with the server's reason when it is refused at first",
    arguments: [
      (400, RollcallError.Kind.refused), (401, .unauthenticated), (403, .forbidden),
      (409, .refused), (422, .refused),
    ])
  func refusal(status: Int, kind: RollcallError.Kind) async throws {
    let server = try await RegistrationServer { _, _ in .problem(status, "because of this") }
    let registration = Registration(instance(), at: try server.access())
    let error = await #expect(throws: RollcallError.self) { try await registration.run() }
    #expect(error?.kind == kind)
    #expect(
      error?.description.contains(status == 401 ? "wants a token" : "because of this") == true)
    #expect(server.lines == [Self.put])
  }

  @Test("goes on when it is refused later")
  func laterRefusal() async throws {
    let server = try await RegistrationServer { _, number in
      number == 2 ? .problem(403, "not now") : ScriptedReply(status: 200)
    }
    try await keep(Registration(instance(lease: 1), at: try server.access())) {
      try await wait(for: "a renewal after the refusal") { server.requests.count >= 3 }
    }
    #expect(server.lines.prefix(3) == [Self.put, Self.renew, Self.renew])
  }

  @Test("says nothing more when its task is cancelled")
  func cancellation() async throws {
    let server = try await RegistrationServer { _, _ in ScriptedReply(status: 200) }
    let registration = Registration(instance(), at: try server.access())
    let run = Task { try await registration.run() }
    try await wait(for: "a registration") { !server.requests.isEmpty }
    run.cancel()
    try await run.value
    #expect(server.lines == [Self.put])
  }

  @Test("refuses a URL that is none, and files that hold no certificate")
  func settings() async throws {
    #expect(throws: RollcallError.self) { try ServerAccess("127.0.0.1:8053") }
    var access = try ServerAccess("https://127.0.0.1:1")
    access.caFile = "/dev/null"
    let registration = Registration(instance(), at: access)
    let error = await #expect(throws: RollcallError.self) { try await registration.run() }
    #expect(error?.kind == .setting)
  }
}
