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
}
