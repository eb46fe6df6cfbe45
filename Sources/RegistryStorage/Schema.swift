// The tables, and how they came to be what they are.

import GRDB

/// Numbered migrations, each in a transaction of its own. One that has been released is never
/// changed: what comes later is a migration of its own.
enum Schema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { database in
      try database.execute(sql: version1)
    }
    migrator.registerMigration("2") { database in
      try database.execute(sql: version2)
    }
    migrator.registerMigration("3") { database in
      try database.execute(sql: version3)
    }
    migrator.registerMigration("4") { database in
      try database.execute(sql: version4)
    }
    return migrator
  }

  /// Keys are names in lower case; `name` and `id` are as they were first given. Times are
  /// milliseconds since 1970 in UTC.
  private static let version1 = """
    CREATE TABLE position (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      revision INTEGER NOT NULL,
      serial INTEGER
    );
    INSERT INTO position (id, revision) VALUES (1, 0);
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
    """

  /// Services get numbers, which instances are kept by: shorter than names, and those of new
  /// services come after all others, so that a large batch is added at the end. The number is an
  /// instance's only way to its service's name, which `registered` shows beside it.
  ///
  /// SQLite is not made to look at each reference (`PRAGMA foreign_keys` stays off): the number of
  /// a new row is read in the same transaction, and what removes a service removes its instances.
  private static let version2 = """
    ALTER TABLE service RENAME TO service_1;
    ALTER TABLE instance RENAME TO instance_1;
    CREATE TABLE service (
      number INTEGER PRIMARY KEY,
      key TEXT NOT NULL UNIQUE,
      name TEXT NOT NULL,
      revision INTEGER NOT NULL,
      claims TEXT NOT NULL,
      empty_since INTEGER
    );
    INSERT INTO service (key, name, revision, claims, empty_since)
      SELECT key, name, revision, claims, empty_since FROM service_1 ORDER BY key;
    CREATE TABLE instance (
      service INTEGER NOT NULL REFERENCES service (number),
      key TEXT NOT NULL,
      id TEXT NOT NULL,
      revision INTEGER NOT NULL,
      registered_at INTEGER NOT NULL,
      registration TEXT NOT NULL,
      PRIMARY KEY (service, key)
    ) WITHOUT ROWID;
    INSERT INTO instance (service, key, id, revision, registered_at, registration)
      SELECT service.number, instance_1.key, id, instance_1.revision, registered_at, registration
      FROM service JOIN instance_1 ON instance_1.service = service.key
      ORDER BY service.number, instance_1.key;
    DROP TABLE instance_1;
    DROP TABLE service_1;
    CREATE VIEW registered AS
      SELECT service.name AS service, id, instance.revision,
        datetime(registered_at / 1000, 'unixepoch') AS registered_at, registration
      FROM service JOIN instance ON instance.service = service.number;
    """

  /// An instance that drains has the time at which it is removed.
  private static let version3 = """
    ALTER TABLE instance ADD COLUMN safe_at INTEGER;
    DROP VIEW registered;
    CREATE VIEW registered AS
      SELECT service.name AS service, id, instance.revision,
        datetime(registered_at / 1000, 'unixepoch') AS registered_at, registration,
        datetime(safe_at / 1000, 'unixepoch') AS safe_at
      FROM service JOIN instance ON instance.service = service.number;
    """

  /// A service has settings, and a TTL that answers had before may be kept for some time.
  private static let version4 = """
    ALTER TABLE service ADD COLUMN ttl_seconds INTEGER;
    ALTER TABLE service ADD COLUMN max_answers INTEGER;
    ALTER TABLE service ADD COLUMN former_ttl_seconds INTEGER;
    ALTER TABLE service ADD COLUMN former_ttl_until INTEGER;
    """
}
