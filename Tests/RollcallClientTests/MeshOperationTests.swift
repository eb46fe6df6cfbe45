// Calls of a mesh over whatever protocol, what they tell, and the services that a mesh runs.

import InMemoryTracing
import MetricsTestKit
import RollcallClient
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing
import Tracing

@Suite("Operations with the instances of a mesh")
struct MeshOperationTests {
  private static let directory = MeshCallTests.Directory([1, 2, 3])

  private static func mesh(
    _ change: (inout MeshConfiguration) -> Void = { _ in }
  ) throws -> ServiceMesh {
    var configuration = MeshConfiguration()
    configuration.limits = CallLimits(tryTimeout: .seconds(60), deadline: .seconds(120))
    configuration.retry.firstPause = .milliseconds(1)
    change(&configuration)
    return try ServiceMesh(directory: directory, configuration: configuration)
  }

  @Test("An operation gets an instance, and its value is the call's")
  func value() async throws {
    let mesh = try Self.mesh()
    let hosts = Mutex<[String]>([])
    for _ in 0..<3 {
      let port = try await mesh.call(to: "web") { endpoint in
        hosts.withLock { $0.append(endpoint.host) }
        return endpoint.port
      }
      #expect((1...3).contains(port))
    }
    #expect(hosts.withLock(\.self) == ["i0", "i1", "i2"])
  }

  @Test("An operation that throws is repeated only where it may be, at other instances")
  func throwing() async throws {
    let mesh = try Self.mesh()
    let hosts = Mutex<[String]>([])
    let operation: @Sendable (Endpoint) async throws -> Int = { endpoint in
      hosts.withLock { $0.append(endpoint.host) }
      throw Failure("no")
    }
    await #expect {
      try await mesh.call(to: "web", operation)
    } throws: { error in
      let error = error as? MeshError
      return error?.reason == .notRepeatable && error?.tries == 1 && error?.underlying is Failure
    }
    hosts.withLock { $0 = [] }
    await #expect {
      try await mesh.call(to: "web", isRepeatable: true, operation)
    } throws: {
      ($0 as? MeshError)?.reason == .triesUsedUp
    }
    #expect(Set(hosts.withLock(\.self)).count == 3)
  }

  @Test("Who says that nothing was sent is tried again in any case")
  func notSent() async throws {
    let mesh = try Self.mesh()
    let tries = Mutex(0)
    let value = try await mesh.call(to: "web") { _ in
      let number = tries.withLock { tries in
        tries += 1
        return tries
      }
      guard number == 3 else { throw RequestNotSent() }
      return number
    }
    #expect(value == 3)
  }

  @Test("A try that takes too long is cancelled, and awaited before the next begins")
  func cancelledTry() async throws {
    let mesh = try Self.mesh {
      // A busy machine may need several.
      $0.limits.tries = 20
      $0.limits.tryTimeout = .milliseconds(50)
    }
    let underWay = Mutex((now: 0, most: 0, tries: 0))
    let value = try await mesh.call(to: "web", isRepeatable: true) { _ in
      let number = underWay.withLock { state in
        state.now += 1
        state.tries += 1
        state.most = max(state.most, state.now)
        return state.tries
      }
      defer { underWay.withLock { $0.now -= 1 } }
      if number < 3 {
        let (stream, continuation) = AsyncStream<Int>.makeStream()
        for await _ in stream {}
        continuation.finish()
        throw CancellationError()
      }
      return "done"
    }
    #expect(value == "done")
    let (now, most, tries) = underWay.withLock { ($0.now, $0.most, $0.tries) }
    #expect([now, most] == [0, 1])
    #expect(tries >= 3)
  }

  @Test("Calls, tries, retries and ejections are counted")
  func metrics() async throws {
    let metrics = TestMetrics()
    let mesh = try Self.mesh {
      $0.metrics = metrics
      $0.ejection.consecutiveFailures = 1
    }
    _ = try await mesh.call(to: "web", isRepeatable: true) { endpoint in
      guard endpoint.host != "i0" else { throw Failure("no") }
      return 0
    }
    func counted(_ name: String, _ result: String? = nil) throws -> Int64 {
      let labels = [("service", "web")] + (result.map { [("outcome", $0)] } ?? [])
      return try metrics.expectCounter("rollcall_client_\(name)_total", labels).totalValue
    }
    #expect(try counted("calls", "success") == 1)
    #expect(try counted("tries", "success") == 1)
    #expect(try counted("tries", "failure") == 1)
    #expect(try counted("retries") == 1)
    #expect(try counted("ejections") == 1)
    #expect(
      try metrics.expectTimer("rollcall_client_call_duration", [("service", "web")]).values.count
        == 1)
  }

  @Test("What is known of a service is forgotten when too many others are called")
  func forgetting() async throws {
    let mesh = try Self.mesh { $0.mostServices = 1 }
    func host(_ service: String) async throws -> String {
      try await mesh.call(to: service) { $0.host }
    }
    let before = [try await host("web"), try await host("web")]
    #expect(before == ["i0", "i1"])
    _ = try? await host("other")
    let after = try await host("web")
    #expect(after == "i0")
  }

  /// Says what it was told last.
  private final class ScriptedDirectory: ServiceDirectory {
    private let words = Mutex<Result<[Endpoint], any Error>>(.success([]))

    func say(_ result: Result<[Endpoint], any Error>) {
      words.withLock { $0 = result }
    }

    func endpoints(of service: String) async throws -> [Endpoint] {
      try words.withLock { $0 }.get()
    }
  }

  @Test(
    "A service that is gone, or of which nothing was heard for too long, is called no more",
    arguments: [(RollcallError.Kind.serviceUnknown, 0), (.noAnswer, 3)])
  func gone(kind: RollcallError.Kind, left: Int) async throws {
    let directory = ScriptedDirectory()
    let mesh = try ServiceMesh(directory: directory)
    directory.say(.success(Self.directory.endpoints))
    #expect(try await mesh.call(to: "web") { $0.host } == "i0")
    directory.say(.failure(RollcallError(kind, "because of this")))
    await #expect {
      try await mesh.call(to: "web") { $0.host }
    } throws: { error in
      let error = error as? MeshError
      return error?.reason == .discovery && error?.tries == 0
        && (error?.underlying as? RollcallError)?.kind == kind
    }
    #expect(mesh.instancesInUse(of: "web").count == left)
    directory.say(.success(Self.directory.endpoints))
    _ = try await mesh.call(to: "web") { $0.host }
  }

  @Test("While a directory fails in another way, the instances that are known are called")
  func failingDirectory() async throws {
    let directory = ScriptedDirectory()
    let mesh = try ServiceMesh(directory: directory)
    directory.say(.success(Self.directory.endpoints))
    #expect(try await mesh.call(to: "web") { $0.host } == "i0")
    directory.say(.failure(Failure("no")))
    #expect(try await mesh.call(to: "web") { $0.host } == "i1")
    directory.say(.failure(RollcallError(.unreachable, "no")))
    #expect(try await mesh.call(to: "web") { $0.host } == "i2")
  }

  @Test("A call has a span, and each try one within it")
  func tracing() async throws {
    let tracer = InMemoryTracer()
    let mesh = try Self.mesh()
    let value = try await withTracer(tracer) {
      try await mesh.call(to: "web", isRepeatable: true) { endpoint in
        guard endpoint.host != "i0" else { throw Failure("no") }
        return endpoint.port
      }
    }
    #expect([2, 3].contains(value))
    let spans = tracer.finishedSpans
    #expect(spans.map(\.operationName) == ["mesh.try", "mesh.try", "mesh.call"])
    let call = try #require(spans.last)
    #expect(spans.prefix(2).allSatisfy { $0.parentSpanID == call.spanID })
    #expect(spans.first?.status?.code == .error)
  }

  /// A service that runs until the graceful shutdown.
  private struct Lasting: ServiceLifecycle.Service {
    let events: AsyncStream<String>.Continuation
    let name: String

    func run() async throws {
      events.yield("\(name) runs")
      try await gracefulShutdown()
      events.yield("\(name) ends")
    }
  }

  @Test("Services that are added run with the mesh, and end with it", .timeLimit(.minutes(1)))
  func services() async throws {
    let mesh = try Self.mesh()
    let (stream, events) = AsyncStream<String>.makeStream()
    var news = stream.makeAsyncIterator()
    try mesh.addService(Lasting(events: events, name: "first"))
    let group = ServiceGroup(services: [mesh], logger: MeshConfiguration().logger)
    let run = Task { try await group.run() }
    #expect(await news.next() == "first runs")
    try mesh.addService(Lasting(events: events, name: "second"))
    #expect(await news.next() == "second runs")
    await group.triggerGracefulShutdown()
    let ends = [await news.next(), await news.next()].compactMap(\.self).sorted()
    #expect(ends == ["first ends", "second ends"])
    try await run.value
    #expect(throws: MeshError.self) {
      try mesh.addService(Lasting(events: events, name: "late"))
    }
  }

  private struct Failing: ServiceLifecycle.Service {
    func run() async throws { throw Failure("the registration is refused") }
  }

  @Test("A service that fails ends the mesh with its error", .timeLimit(.minutes(1)))
  func failingService() async throws {
    let mesh = try Self.mesh()
    try mesh.addService(Failing())
    await #expect(throws: Failure.self) { try await mesh.run() }
  }
}
