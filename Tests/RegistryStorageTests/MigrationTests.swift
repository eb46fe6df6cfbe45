// Databases of earlier versions.

import DNSWire
import GRDB
import RegistryStorage
import ServiceRegistry
import TestSupport
import Testing

@Suite("Migrations") struct MigrationTests {
  /// What the first version made, word for word, with two services of it.
  private static let version1 = """
    PRAGMA journal_mode = WAL;
    PRAGMA application_id = 1380928588;
    CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
    INSERT INTO grdb_migrations VALUES ('1');
    CREATE TABLE position (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      revision INTEGER NOT NULL,
      serial INTEGER
    );
    INSERT INTO position (id, revision, serial) VALUES (1, 7, 4294967295);
    CREATE TABLE service (
      key TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      revision INTEGER NOT NULL,
      claims TEXT NOT NULL,
      empty_since INTEGER
    ) WITHOUT ROWID;
    CREATE TABLE instance (
      service TEXT NOT NULL REFERENCES service (key) ON DELETE CASCADE,
      key TEXT NOT NULL,
      id TEXT NOT NULL,
      revision INTEGER NOT NULL,
      registered_at INTEGER NOT NULL,
      registration TEXT NOT NULL,
      PRIMARY KEY (service, key)
    ) WITHOUT ROWID;
    INSERT INTO service VALUES
      ('web.prod', 'Web.prod', 7, '{"protocols":["udp"],"ports":["Grpc/tcp"],"tags":["v2"]}', NULL),
      ('db', 'db', 6, '{"protocols":["tcp"],"ports":[],"tags":[]}', 1700000000123),
      ('api', 'api', 2, '{"protocols":["tcp"],"ports":[],"tags":[]}', NULL);
    INSERT INTO instance VALUES
      ('web.prod', 'a', 'A', 3, 1700000000001,
      '{"addresses":["10.0.0.1","fd00::1"],"port":8080,\
    "ports":[{"name":"Grpc","port":9090,"protocol":"tcp"}],"protocol":"udp","weight":3,\
    "priority":4,"tags":["v2"],"metadata":{"k":"ä \\" \\\\ \\u0001"},"status":"warning",\
    "lease_seconds":60}'),
      ('web.prod', 'b', 'b', 7, 1700000000002,
      '{"addresses":["10.0.0.2"],"protocol":"tcp","weight":1,"priority":0,"status":"passing"}'),
      ('api', 'a', 'a', 2, 1700000000003,
      '{"addresses":["10.0.0.3"],"protocol":"tcp","weight":1,"priority":0,"status":"passing"}');
    """

  /// What the second version made of that, word for word.
  private static let version2 = """
    PRAGMA journal_mode = WAL;
    PRAGMA application_id = 1380928588;
    CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
    INSERT INTO grdb_migrations VALUES ('1'), ('2');
    CREATE TABLE position (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      revision INTEGER NOT NULL,
      serial INTEGER
    );
    INSERT INTO position (id, revision, serial) VALUES (1, 7, 4294967295);
    CREATE TABLE service (
      number INTEGER PRIMARY KEY,
      key TEXT NOT NULL UNIQUE,
      name TEXT NOT NULL,
      revision INTEGER NOT NULL,
      claims TEXT NOT NULL,
      empty_since INTEGER
    );
    CREATE TABLE instance (
      service INTEGER NOT NULL REFERENCES service (number),
      key TEXT NOT NULL,
      id TEXT NOT NULL,
      revision INTEGER NOT NULL,
      registered_at INTEGER NOT NULL,
      registration TEXT NOT NULL,
      PRIMARY KEY (service, key)
    ) WITHOUT ROWID;
    CREATE VIEW registered AS
      SELECT service.name AS service, id, instance.revision,
        datetime(registered_at / 1000, 'unixepoch') AS registered_at, registration
      FROM service JOIN instance ON instance.service = service.number;
    INSERT INTO service VALUES
      (1, 'api', 'api', 2, '{"protocols":["tcp"],"ports":[],"tags":[]}', NULL),
      (2, 'db', 'db', 6, '{"protocols":["tcp"],"ports":[],"tags":[]}', 1700000000123),
      (3, 'web.prod', 'Web.prod', 7,
      '{"protocols":["udp"],"ports":["Grpc/tcp"],"tags":["v2"]}', NULL);
    INSERT INTO instance VALUES
      (3, 'a', 'A', 3, 1700000000001,
      '{"addresses":["10.0.0.1","fd00::1"],"port":8080,\
    "ports":[{"name":"Grpc","port":9090,"protocol":"tcp"}],"protocol":"udp","weight":3,\
    "priority":4,"tags":["v2"],"status":"warning","lease_seconds":60,\
    "metadata":{"k":"ä \\" \\\\ \\u0001"}}'),
      (3, 'b', 'b', 7, 1700000000002, '{"addresses":["10.0.0.2"]}'),
      (1, 'a', 'a', 2, 1700000000003, '{"addresses":["10.0.0.3"]}');
    """

  /// What the third version made of that, word for word.
  private static let version3 =
    version2 + """

      INSERT INTO grdb_migrations VALUES ('3');
      ALTER TABLE instance ADD COLUMN safe_at INTEGER;
      DROP VIEW registered;
      CREATE VIEW registered AS
        SELECT service.name AS service, id, instance.revision,
          datetime(registered_at / 1000, 'unixepoch') AS registered_at, registration,
          datetime(safe_at / 1000, 'unixepoch') AS safe_at
        FROM service JOIN instance ON instance.service = service.number;
      """

  static let versions = [version1, version2, version3]

  private func make(_ version: String, at path: String) throws {
    let database = try DatabaseQueue(path: path)
    try database.writeWithoutTransaction { try $0.execute(sql: version) }
    try database.close()
  }

  @Test("All that an earlier version stored is there", arguments: versions.indices)
  func content(_ version: Int) async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("rollcall.db")
    try make(Self.versions[version], at: path)
    // The second time it is the new version's.
    for _ in 1...2 {
      let store = try SQLiteStore(path: path)
      let stored = try await store.load()
      #expect(stored.position == StorePosition(revision: 7, serial: .max))
      let services = stored.services.sorted { $0.revision < $1.revision }
      #expect(services.map(\.name.text) == ["api", "db", "Web.prod"])
      #expect(services.map(\.emptySince) == [nil, 1_700_000_000_123, nil])
      #expect(services.allSatisfy { $0.settings == .usual && $0.formerTTL == nil })
      #expect(services[2].claims.ports.map(\.name.text) == ["Grpc"])
      let instances = try await store.allInstances().sorted { $0.revision < $1.revision }
      #expect(instances.map(\.key.id.text) == ["a", "A", "b"])
      #expect(instances.map(\.key.service.text) == ["api", "Web.prod", "Web.prod"])
      #expect(
        instances.map(\.registeredAt) == [1_700_000_000_003, 1_700_000_000_001, 1_700_000_000_002])
      var expected = try Registration(
        ["10.0.0.1", "fd00::1"],
        ports: [NamedPort(name: try Label("grpc", kind: .port), port: 9_090, transport: .tcp)],
        weight: 3, priority: 4, tags: ["V2"], metadata: ["k": "ä \" \\ \u{1}"],
        status: .warning, lease: 60)
      expected.transport = .udp
      #expect(instances[1].registration == expected)
      #expect(instances[2].registration == (try Registration(["10.0.0.2"], port: nil, lease: nil)))
      #expect(instances.allSatisfy { $0.safeAt == nil }, "no earlier version let any drain")
    }
  }

  @Test("It takes changes after that", arguments: versions.indices)
  func changes(_ version: Int) async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("rollcall.db")
    try make(Self.versions[version], at: path)
    let store = try SQLiteStore(path: path)
    let services = try await store.load().services
    var changed = try #require(
      try await store.allInstances().first { $0.key.service.text == "api" })
    changed.revision = 8
    changed.registration.port = 1
    changed.safeAt = 1_700_000_006_000
    try await store.commit(
      StoreBatch(
        services: services.filter { $0.name.text == "api" },
        removedServices: [try ServiceName("web.prod")], instances: [changed],
        position: StorePosition(revision: 8)))
    #expect(try await store.allInstances() == [changed])
    #expect(try await store.load().services.map(\.name.text).sorted() == ["api", "db"])
  }

  @Test(
    "Any SQLite tool shows instances with the names of their services", arguments: versions.indices)
  func view(_ version: Int) async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("rollcall.db")
    try make(Self.versions[version], at: path)
    _ = try SQLiteStore(path: path)
    let database = try DatabaseQueue(path: path)
    let rows = try await database.read { database in
      try String.fetchAll(
        database, sql: "SELECT service || ' ' || id || ' ' || registered_at FROM registered")
    }
    #expect(
      Set(rows) == [
        "Web.prod A 2023-11-14 22:13:20", "Web.prod b 2023-11-14 22:13:20",
        "api a 2023-11-14 22:13:20",
      ])
  }
}
