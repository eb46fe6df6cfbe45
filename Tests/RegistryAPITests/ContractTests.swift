// The OpenAPI document says what the code does.

import HTTPTypes
import ServiceRegistry
import Testing
import Yams

@testable import RegistryAPI

@Suite("The OpenAPI document") struct ContractTests {
  private let contract: Contract

  init() throws {
    contract = try Contract()
  }

  @Test("Everybody gets it, as it is in the sources")
  func served() async throws {
    let tokens = try TestTokens.usual()
    try await withServer(tokens: tokens.table) { server in
      let reply = try await server.curl("/openapi.yaml")
      #expect((reply.status, reply.headers["content-type"]) == (200, "application/yaml"))
      #expect(reply.body == contract.text)
      #expect(try await server.curl("/openapi.yaml", ["-X", "POST"]).status == 405)
    }
  }

  @Test("Its paths are the routes, with their methods and parameters")
  func routes() throws {
    #expect(Set(contract.paths.keys) == Set(Route.calls.map(\.template)))
    for (template, item) in contract.paths {
      let route = try Route(path: template)
      #expect(route.template == template)
      let operations = HTTPRequest.Method.known.filter { item[$0.rawValue.lowercased()] != nil }
      #expect(operations == route.methods, "\(template)")
      var queries: Set<String> = []
      for method in operations {
        let operation = try #require(item[method.rawValue.lowercased()] as? Contract.Map)
        queries.formUnion(contract.parameters(of: operation, in: "query"))
        let isOpen = (operation["security"] as? [Any])?.isEmpty ?? false
        #expect(isOpen == (route.need(method) == .nothing), "\(method) \(template)")
      }
      #expect(queries == Set(route.parameters), "\(template)")
    }
  }

  @Test("Every operation has a name of its own and says what it does and what can go wrong")
  func operations() throws {
    var names: Set<String> = []
    for (path, item) in contract.paths {
      for method in HTTPRequest.Method.known {
        guard let operation = item[method.rawValue.lowercased()] as? Contract.Map else { continue }
        let name = try #require(operation["operationId"] as? String)
        #expect(names.insert(name).inserted, "\(name)")
        #expect(operation["summary"] is String, "\(method) \(path)")
        let responses = try #require(operation["responses"] as? Contract.Map)
        for status in ["400", "403", "421", "503"] {
          #expect(responses[status] != nil, "\(method) \(path) \(status)")
        }
      }
    }
  }

  @Test(
    "Its limits are those of the code",
    arguments: [
      ("components.parameters.Limit.schema", 1...APILimits.page),
      ("components.schemas.ServiceName", 1...ServiceName.lengthLimit),
      ("components.schemas.Registration.properties.addresses", 1...RegistryLimits.addresses),
      ("components.schemas.Registration.properties.ports", 0...RegistryLimits.ports),
      ("components.schemas.Registration.properties.tags", 0...RegistryLimits.tags),
      ("components.schemas.Registration.properties.metadata", 0...RegistryLimits.metadataEntries),
      ("components.schemas.Registration.properties.lease_seconds", RegistryLimits.leaseSeconds),
      ("components.schemas.ServiceSettings.properties.ttl_seconds", RegistryLimits.ttlSeconds),
      ("components.schemas.ServiceSettings.properties.max_answers", RegistryLimits.maxAnswers),
      ("components.schemas.Instance.properties.lease_seconds", RegistryLimits.leaseSeconds),
      ("components.schemas.ServiceSummary.properties.ttl_seconds", RegistryLimits.ttlSeconds),
      ("components.schemas.ServiceSummary.properties.max_answers", RegistryLimits.maxAnswers),
      ("paths./v1/services/{service}/instances.get.wait", 0...APILimits.waitSeconds),
      (
        "paths./v1/services/{service}/instances.post.Idempotency-Key",
        1...APILimits.idempotencyKeyLength
      ),
      ("components.parameters.Search.schema", 0...APILimits.searchLength),
      ("paths./v1/events.get.service", 1...APILimits.watchedServices),
      ("paths./v1/instances.post.instances", 0...APILimits.bulkItems),
      ("paths./v1/renewals.post.renewals", 0...APILimits.bulkItems),
    ])
  func limits(place: String, range: ClosedRange<Int>) throws {
    let schema = try #require(contract.schema(at: place))
    #expect(Contract.range(of: schema) == range)
  }

  @Test("Its defaults are those of the code")
  func defaults() throws {
    for (place, value) in [
      ("components.parameters.Limit.schema", APILimits.defaultPage),
      ("paths./v1/services/{service}/instances.get.wait", APILimits.defaultWaitSeconds),
      (
        "components.schemas.Registration.properties.lease_seconds",
        RegistryLimits.defaultLeaseSeconds
      ),
    ] {
      let schema = try #require(contract.schema(at: place))
      #expect(schema["default"] as? Int == value, "\(place)")
    }
    let mebibytes = APILimits.bulkBodyLength >> 20
    #expect(contract.text.contains("The body has at most \(mebibytes) MiB."))
    #expect(contract.text.contains("At most \(APILimits.bodyLength >> 10) KiB."))
    #expect(contract.text.contains("of at most \(RegistryLimits.metadataEntryLength)\n"))
  }

  @Test("Its choices are those of the code, and it names every event")
  func choices() throws {
    func choices(_ schema: String, _ member: String? = nil) -> [String]? {
      let place = "components.schemas.\(schema)" + (member.map { ".properties.\($0)" } ?? "")
      return (contract.schema(at: place)?["enum"] as? [Any])?.compactMap { $0 as? String }
    }
    #expect(choices("Status") == InstanceStatus.allCases.map(\.rawValue))
    #expect(choices("ShownStatus") == ShownStatus.allCases.map(\.rawValue))
    #expect(choices("Protocol") == TransportProtocol.allCases.map(\.rawValue))
    #expect(choices("ExplainedInstance", "reason") == Absence.allCases.map(\.rawValue))
    let events = try #require(contract.operation("/v1/events", "get")?["description"] as? String)
    for kind in RegistryEventKind.allCases { #expect(events.contains("`\(kind.rawValue)`")) }
  }
}

extension Route {
  /// One of each kind, the page's files apart: the compiler asks for a new one below, where it
  /// tells to put it here, too.
  fileprivate static let calls: [Route] = [
    .health, .readiness, .metrics, .contract, .services, .service("a"), .instances("a"),
    .instance("a", "b"), .renewal("a", "b"), .drain("a", "b"), .zones, .zone("a"), .zoneReload,
    .explanation, .targets, .bulkRegistration, .bulkRenewal, .events,
  ].filter(\.isCall)

  private var isCall: Bool {
    switch self {
    case .page: false
    case .health, .readiness, .metrics, .contract, .services, .service, .instances, .instance,
      .renewal, .drain, .zones, .zone, .zoneReload, .explanation, .targets, .bulkRegistration,
      .bulkRenewal, .events:
      true
    }
  }
}

extension HTTPRequest.Method {
  /// In the order in which routes list theirs.
  fileprivate static let known: [HTTPRequest.Method] = [.get, .put, .post, .delete, .patch]
}
