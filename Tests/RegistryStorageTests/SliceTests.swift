// How a store gives out more instances than fit into one slice.

import DNSWire
import GRDB
import RegistryStorage
import ServiceRegistry
import TestSupport
import Testing

@Suite("Slices") struct SliceTests {
  /// Services of so many instances each, all registered in one batch, by turns.
  private static func batch(_ counts: [Int]) throws -> StoreBatch {
    let names = try counts.indices.map { try ServiceName("s\($0)") }
    let claims = ServiceClaims(transports: [.tcp], tags: [try Label("a", kind: .tag)])
    var instances: [Instance] = []
    for number in 0..<(counts.max() ?? 0) {
      for (name, count) in zip(names, counts) where number < count {
        instances.append(
          Instance(
            key: InstanceKey(service: name, id: try Label("I\(number)", kind: .instance)),
            registration: try Registration(["10.0.\(number / 250).\(number % 250 + 1)"]),
            revision: UInt64(instances.count + 1), registeredAt: 1))
      }
    }
    return StoreBatch(
      services: names.map {
        ServiceRecord(name: $0, revision: 1, claims: claims, emptySince: nil)
      },
      instances: instances, position: StorePosition(revision: UInt64(instances.count)))
  }

  private static func slices(_ store: SQLiteStore) async throws -> [[Instance]] {
    var slices: [[Instance]] = []
    repeat {
      slices.append(try await store.instances(after: slices.last?.last?.key.service))
    } while !(slices.last?.isEmpty ?? true)
    return slices.dropLast()
  }

  @Test("Every instance is in one slice, and those of a service are in the same")
  func whole() async throws {
    let directory = try TemporaryDirectory()
    let store = try SQLiteStore(path: directory.path("rollcall.db"))
    let length = SQLiteStore.sliceLength
    let batch = try Self.batch([length / 2, length, 1, 0, length + 100, 17, 15, 16])
    try await store.commit(batch)
    // Twice, as what was read before is remembered.
    for _ in 1...2 {
      let slices = try await Self.slices(store)
      #expect(slices.count == 3)
      let services = slices.map { slice in Set(slice.map(\.key.service)) }
      #expect(services.map(\.count) == [2, 2, 3])
      #expect(services.reduce(into: Set()) { $0.formUnion($1) }.count == 7)
      let read = slices.joined().sorted { $0.revision < $1.revision }
      #expect(read == batch.instances)
      #expect(read.map(\.key.id.text) == batch.instances.map(\.key.id.text), "case is kept")
    }
  }

  @Test("A service that was removed and is there again has the new instances only")
  func removedService() async throws {
    let directory = try TemporaryDirectory()
    let store = try SQLiteStore(path: directory.path("rollcall.db"))
    try await store.commit(try Self.batch([20, 20]))
    try await store.commit(
      StoreBatch(
        removedServices: [try ServiceName("S1")], position: StorePosition(revision: 41)))
    #expect(try await store.allInstances().count == 20)
    try await store.commit(try Self.batch([0, 3]))
    #expect(try await store.allInstances().count == 23)
  }

  @Test("An instance of a service that is not there is refused, with its batch")
  func unknownService() async throws {
    let directory = try TemporaryDirectory()
    let store = try SQLiteStore(path: directory.path("rollcall.db"))
    var batch = try Self.batch([1, 1])
    batch.services.removeLast()
    await #expect {
      try await store.commit(batch)
    } throws: { error in
      (error as? StoreError)?.reason.contains("s1") == true
    }
    #expect(try await store.load().services.isEmpty)
  }

  /// Changes of the database that no version of Rollcall makes, and the row that is named then.
  static let damages = [
    ("UPDATE instance SET registration = '{' WHERE key = 'i7'", "instance 'I7' of service 's0'"),
    (
      #"UPDATE instance SET registration = '{"addresses":["10.0.0.1"],"port":0}' WHERE key = 'i7'"#,
      "instance 'I7' of service 's0'"
    ),
    (
      "UPDATE instance SET registration = replace(registration, '10.0.0.8', '0.0.0.0')",
      "instance 'I7' of service 's0'"
    ),
    ("UPDATE instance SET id = 'a b' WHERE key = 'i7'", "instance 'a b' of service 's0'"),
    ("UPDATE instance SET service = 99 WHERE key = 'i7'", "service number 99"),
    ("UPDATE service SET claims = '[]' WHERE key = 's0'", "service 's0'"),
    ("UPDATE service SET name = '-' WHERE key = 's0'", "service '-'"),
  ]

  @Test("A damaged row is named", arguments: damages)
  func damage(statement: String, words: String) async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("rollcall.db")
    let store = try SQLiteStore(path: path)
    try await store.commit(try Self.batch([9]))
    var configuration = Configuration()
    configuration.foreignKeysEnabled = false
    let other = try DatabaseQueue(path: path, configuration: configuration)
    try await other.write { try $0.execute(sql: statement) }
    await #expect {
      _ = try await store.load()
      _ = try await store.allInstances()
    } throws: { error in
      (error as? StoreError)?.reason.contains(words) == true
    }
  }
}
