// What every store must do; the one in memory stands for the disk in other tests, so it must too.

import DNSWire
import Foundation
import RegistryStorage
import ServiceRegistry
import TestSupport
import Testing

@Suite struct StoreContractTests {
  /// A store that can be opened again with what it kept.
  struct Subject: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Gives the same storage each time it is called, and removes it with the last.
    let make: @Sendable () throws -> @Sendable () throws -> any RegistryStore
  }

  static let subjects = [
    Subject(testDescription: "SQLite") {
      let directory = try TemporaryDirectory()
      return { try SQLiteStore(path: directory.path("rollcall.db")) }
    },
    Subject(testDescription: "memory") {
      let store = MemoryStore()
      return { store }
    },
  ]

  static func batch(_ count: Int, revision: UInt64) throws -> StoreBatch {
    let name = try ServiceName("Web.prod")
    let port = NamedPort(
      name: try Label("Grpc", kind: .port, limit: 62), port: 9_090, transport: .udp)
    let instances = try (1...count).map { number in
      Instance(
        key: InstanceKey(service: name, id: try Label("Web-\(number)", kind: .instance)),
        registration: try Registration(
          ["10.0.0.\(number)", "fd00::\(number)"], ports: [port], weight: 3, priority: 4,
          tags: ["V2", "a"], metadata: ["k": "ä \" \\ \u{1}", "empty": ""], status: .warning,
          lease: number == 1 ? nil : 86_400),
        revision: revision, registeredAt: 1_700_000_000_123)
    }
    let claims = ServiceClaims(instances[0].registration)
    return StoreBatch(
      services: [
        ServiceRecord(
          name: name, revision: revision, claims: claims, emptySince: nil,
          settings: try ServiceSettings(ttl: 0, maxAnswers: 4_096),
          formerTTL: FormerTTL(seconds: 86_400, until: 1_700_000_000_001))
      ],
      instances: instances, position: StorePosition(revision: revision, serial: .max))
  }

  @Test(arguments: subjects) func `a new store is empty`(_ subject: Subject) async throws {
    let store = try subject.make()()
    let stored = try await store.load()
    #expect(stored.services.isEmpty)
    #expect(try await store.allInstances().isEmpty)
    #expect(stored.position == StorePosition())
  }

  @Test(arguments: subjects)
  func `what is committed is there for the next that opens it`(_ subject: Subject) async throws {
    let open = try subject.make()
    let batch = try Self.batch(3, revision: 41)
    try await open().commit(batch)
    let stored = try await open().load()
    #expect(stored.position == batch.position)
    #expect(stored.services == batch.services)
    #expect(stored.services[0].name.text == "Web.prod", "case is kept")
    let instances = try await open().allInstances()
    #expect(instances.sorted { $0.key.id < $1.key.id } == batch.instances)
    #expect(Set(instances.map(\.key.id.text)) == ["Web-1", "Web-2", "Web-3"])
  }

  @Test(arguments: subjects) func `removals and replacements last`(_ subject: Subject) async throws
  {
    let open = try subject.make()
    let first = try Self.batch(3, revision: 1)
    try await open().commit(first)
    var changed = first.instances[0]
    changed.registration.port = nil
    changed.safeAt = 1_700_000_006_123
    changed.revision = 2
    var service = first.services[0]
    service.emptySince = 5
    try await open().commit(
      StoreBatch(
        services: [service], instances: [changed], removedInstances: [first.instances[1].key],
        position: StorePosition(revision: 3, serial: 7)))
    #expect(try await open().load().services == [service])
    let left = try await open().allInstances()
    #expect(left.sorted { $0.key.id < $1.key.id } == [changed, first.instances[2]])
    #expect(left.map(\.safeAt).contains(1_700_000_006_123))
    try await open().commit(
      StoreBatch(
        removedServices: [service.name], removedInstances: left.map(\.key),
        position: StorePosition(revision: 5, serial: 8)))
    let stored = try await open().load()
    #expect(stored.services.isEmpty)
    #expect(try await open().allInstances().isEmpty)
    #expect(stored.position == StorePosition(revision: 5, serial: 8))
  }

  @Test(arguments: subjects)
  func `a service goes with its instances, and may begin anew in the same batch`(
    _ subject: Subject
  ) async throws {
    let open = try subject.make()
    let first = try Self.batch(3, revision: 1)
    try await open().commit(first)
    var second = try Self.batch(1, revision: 6)
    second.removedServices = second.services.map(\.name)
    try await open().commit(second)
    #expect(try await open().load().services == second.services)
    #expect(try await open().allInstances() == second.instances)
    try await open().commit(
      StoreBatch(
        removedServices: second.services.map(\.name) + [try ServiceName("unknown")],
        position: StorePosition(revision: 8)))
    #expect(try await open().load().services.isEmpty)
    #expect(try await open().allInstances().isEmpty)
  }

  @Test(arguments: subjects)
  func `each way to say something is kept`(_ subject: Subject) async throws {
    let open = try subject.make()
    var registrations = [try Registration(["10.0.0.1"], port: nil, lease: nil)]
    func add(_ change: (inout Registration) -> Void) {
      registrations.append(registrations[0])
      change(&registrations[registrations.count - 1])
    }
    add { $0.port = 65_535 }
    add { $0.transport = .udp }
    add { $0.weight = 65_535 }
    add { $0.priority = 65_535 }
    add { $0.status = .critical }
    add { $0.leaseSeconds = 86_400 }
    registrations += [
      try Registration(["255.1.100.20", "::1", "2001:db8::10"], tags: ["b", "A"]),
      try Registration(["::ffff:10.0.0.9"], metadata: ["a b": "=\n", "\"": ""]),
      try Registration(["10.0.0.9"], metadata: ["a": "1", "b": "\"}}", "c": "}}"]),
      try Registration(["10.0.0.9"], metadata: ["a": "1", "b": "ö", "c": ",\"metadata\":{"]),
      try Registration(["10.0.0.9"], tags: ["a"], metadata: ["a": "1"], status: .critical),
      try Registration(["10.0.0.9"], tags: ["a"], metadata: ["a": "2,"], status: .critical),
      try Registration(["10.0.0.9"], tags: ["a"], status: .critical),
      try Registration(
        ["10.0.0.1"],
        ports: [NamedPort(name: try Label("Http", kind: .port), port: 1, transport: .tcp)]),
    ]
    let name = try ServiceName("web")
    let instances = try registrations.enumerated().map { number, registration in
      Instance(
        key: InstanceKey(service: name, id: try Label("i\(number)", kind: .instance)),
        registration: registration, revision: UInt64(number), registeredAt: -1)
    }
    try await open().commit(
      StoreBatch(
        services: [
          ServiceRecord(name: name, revision: 1, claims: ServiceClaims(), emptySince: nil)
        ], instances: instances, position: StorePosition(revision: 1)))
    #expect(try await open().allInstances().sorted { $0.revision < $1.revision } == instances)
  }
}
