// What is particular to SQLite: whose file it is, how it syncs, and who holds the directory.

import DNSWire
import Foundation
import GRDB
import RegistryStorage
import ServiceRegistry
import TestSupport
import Testing

@Suite struct SQLiteTests {
  @Test func `another program's database is refused and left alone`() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("other.db")
    let other = try DatabaseQueue(path: path)
    try await other.write { try $0.execute(sql: "CREATE TABLE theirs (x)") }
    try other.close()
    let before = try Data(contentsOf: URL(filePath: path))
    #expect {
      _ = try SQLiteStore(path: path)
    } throws: { error in
      (error as? StoreError)?.reason.contains(path) == true
    }
    #expect(try Data(contentsOf: URL(filePath: path)) == before)
  }

  @Test func `a file that is no database is refused and left alone`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("text.db")
    let text = Data(String(repeating: "not a database\n", count: 500).utf8)
    try text.write(to: URL(filePath: path))
    #expect(throws: StoreError.self) { try SQLiteStore(path: path) }
    #expect(try Data(contentsOf: URL(filePath: path)) == text)
  }

  @Test func `a batch is whole or not at all`() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("rollcall.db")
    let store = try SQLiteStore(path: path)
    try await store.commit(StoreContractTests.batch(1, revision: 1))
    let before = try await (store.load().position, store.allInstances())
    let saboteur = try DatabaseQueue(path: path)
    try await saboteur.write { database in
      try database.execute(
        sql: """
          CREATE TRIGGER sabotage BEFORE INSERT ON instance WHEN NEW.key = 'web-3'
          BEGIN SELECT RAISE(ABORT, 'sabotage'); END
          """)
    }
    await #expect(
      throws: StoreError(reason: "sabotage (SQLite error 1811)", isOutcomeUnknown: false)
    ) {
      try await store.commit(StoreContractTests.batch(3, revision: 2))
    }
    #expect(try await store.load().position == before.0)
    #expect(try await store.allInstances() == before.1)
  }

  @Test func `a database locked by another process fails the commit, and later works`()
    async throws
  {
    let directory = try TemporaryDirectory()
    let path = directory.path("rollcall.db")
    let store = try SQLiteStore(path: path)
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    let other = try DatabaseQueue(path: path, configuration: configuration)
    try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
    await #expect {
      try await store.commit(StoreContractTests.batch(1, revision: 1))
    } throws: { error in
      (error as? StoreError)?.isOutcomeUnknown == false
    }
    try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
    try await store.commit(StoreContractTests.batch(1, revision: 1))
    #expect(try await store.allInstances().count == 1)
  }

  @Test func `one server at a time holds a data directory`() throws {
    let parent = try TemporaryDirectory()
    let path = parent.path("data")
    var first: DataDirectory? = try DataDirectory(path: path)
    #expect(throws: DataDirectoryError.inUse(path)) { try DataDirectory(path: path) }
    withExtendedLifetime(first) {}
    first = nil
    _ = try DataDirectory(path: path)
  }

  @Test func `a data directory that can't be is refused with its path`() throws {
    let parent = try TemporaryDirectory()
    try Data().write(to: URL(filePath: parent.path("file")))
    for path in [parent.path("missing/data"), parent.path("file")] {
      #expect {
        try DataDirectory(path: path)
      } throws: { error in
        "\(error)".contains(path)
      }
    }
  }
}
