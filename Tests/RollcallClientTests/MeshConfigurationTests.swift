// The settings of a mesh, right and wrong.

import RollcallClient
import Testing

@Suite("The configuration of a mesh")
struct MeshConfigurationTests {
  private struct Nowhere: ServiceDirectory {
    func endpoints(of service: String) async throws -> [Endpoint] { [] }
  }

  private static func refusal(_ change: (inout MeshConfiguration) -> Void) -> String? {
    var configuration = MeshConfiguration()
    change(&configuration)
    do throws(MeshError) {
      _ = try ServiceMesh(directory: Nowhere(), configuration: configuration)
      return nil
    } catch {
      return error.reason == .invalid ? error.description : nil
    }
  }

  @Test("The default is right, and so are the bounds")
  func right() {
    #expect(Self.refusal { _ in } == nil)
    #expect(
      Self.refusal {
        $0.limits.tries = CallLimits.mostTries
        $0.retry.budgetShare = 0
        $0.retry.firstPause = .zero
        $0.ejection.mostEjected = 1
        $0.ejection.failureShare = 1
        $0.longestBody = 0
        $0.connectionsPerInstance = 1
        $0.mostServices = 1
      } == nil)
  }

  @Test("Each wrong setting is refused by its name")
  func wrong() {
    let wrong: [(String, (inout MeshConfiguration) -> Void)] = [
      ("tryTimeout", { $0.limits.tryTimeout = .zero }),
      ("deadline", { $0.limits.deadline = .zero }),
      ("tries", { $0.limits.tries = 0 }),
      ("tries", { $0.limits.tries = CallLimits.mostTries + 1 }),
      ("retry.budgetShare", { $0.retry.budgetShare = -0.1 }),
      ("retry.budgetShare", { $0.retry.budgetShare = .nan }),
      ("retry.budgetMinimumPerSecond", { $0.retry.budgetMinimumPerSecond = -1 }),
      ("retry.firstPause", { $0.retry.firstPause = .seconds(2) }),
      ("ejection.consecutiveFailures", { $0.ejection.consecutiveFailures = 0 }),
      ("ejection.failureShare", { $0.ejection.failureShare = 0 }),
      ("ejection.failureShareMinimum", { $0.ejection.failureShareMinimum = 0 }),
      ("ejection.mostEjected", { $0.ejection.mostEjected = 1.1 }),
      ("ejection.firstPeriod", { $0.ejection.firstPeriod = .zero }),
      ("longestBody", { $0.longestBody = -1 }),
      ("connectionsPerInstance", { $0.connectionsPerInstance = 0 }),
      ("mostServices", { $0.mostServices = 0 }),
    ]
    for (name, change) in wrong { #expect(Self.refusal(change)?.hasPrefix(name) == true) }
  }

  @Test(
    "A request that can't be sent is refused before anything is sent",
    arguments: [
      MeshRequest(method: ""), MeshRequest(method: "GET /"), MeshRequest(path: "web"),
      MeshRequest(path: "/a b"), MeshRequest(path: "/a#b"), MeshRequest(path: "/\r\nX: 1"),
      MeshRequest(path: "/" + String(repeating: "a", count: MeshRequest.longestPath)),
      MeshRequest(headers: [("a b", "1")]), MeshRequest(headers: [("a", "1\r\nb: 2")]),
    ])
  func request(_ request: MeshRequest) async throws {
    let mesh = try ServiceMesh(directory: Nowhere())
    await #expect {
      try await mesh.call(from: "shop", to: "web", request)
    } throws: {
      ($0 as? MeshError)?.reason == .invalid
    }
  }

  @Test("Names that are no names are refused", arguments: ["", "a b", "a\n", "\u{e9}"])
  func names(_ name: String) async throws {
    let mesh = try ServiceMesh(directory: Nowhere())
    for (caller, callee) in [(name, "web"), ("shop", name)] {
      await #expect {
        try await mesh.call(from: caller, to: callee)
      } throws: {
        ($0 as? MeshError)?.reason == .invalid
      }
    }
  }

  @Test("A method says whether a request may be repeated, unless the caller does")
  func repeatable() {
    for method in ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"] {
      #expect(MeshRequest(method: method).isRepeatable)
    }
    for method in ["POST", "PATCH", "CONNECT", "get"] {
      #expect(!MeshRequest(method: method).isRepeatable)
    }
    #expect(MeshRequest(method: "POST", isRepeatable: true).isRepeatable)
    #expect(!MeshRequest(isRepeatable: false).isRepeatable)
  }
}
