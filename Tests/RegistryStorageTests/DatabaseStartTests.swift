// Files as a start may find them.

import DNSWire
import Foundation
import GRDB
import RegistryStorage
import ServiceRegistry
import TestSupport
import Testing

@Suite("A start finds") struct DatabaseStartTests {
  private let directory: TemporaryDirectory
  private let path: String

  init() throws {
    directory = try TemporaryDirectory()
    path = directory.path("rollcall.db")
  }

  private func fill(instances: Int = 3) async throws {
    let store = try SQLiteStore(path: path)
    try await store.commit(StoreContractTests.batch(instances, revision: 1))
  }

  /// The start ends with words that name the file, and leaves it alone.
  private func expectRefusal(saying words: String...) throws {
    let before = try Data(contentsOf: URL(filePath: path))
    #expect {
      _ = try SQLiteStore(path: path)
    } throws: { error in
      guard let reason = (error as? StoreError)?.reason else { return false }
      return reason.contains(path) && words.allSatisfy { reason.contains($0) }
        && !reason.contains("\n")
    }
    #expect(try Data(contentsOf: URL(filePath: path)) == before)
  }

  @Test("a later version's database, and says so")
  func laterVersion() async throws {
    try await fill()
    let database = try DatabaseQueue(path: path)
    try await database.write {
      try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('2 to the moon')")
    }
    try database.close()
    try expectRefusal(saying: "later version")
  }

  @Test("no database at all, and says how to go on")
  func noDatabase() throws {
    try Data(String(repeating: "not a database\n", count: 500).utf8)
      .write(to: URL(filePath: path))
    try expectRefusal(saying: "not a database", "left as it is", "move it away")
  }

  @Test("another program's database")
  func foreign() async throws {
    let other = try DatabaseQueue(path: path)
    try await other.write { try $0.execute(sql: "CREATE TABLE theirs (x)") }
    try other.close()
    try expectRefusal(saying: "another program")
  }

  @Test("a database whose schema is damaged, and says how to go on")
  func damage() async throws {
    try await fill()
    let file = try FileHandle(forWritingTo: URL(filePath: path))
    try file.seek(toOffset: 100)
    try file.write(contentsOf: Data(repeating: 0xFF, count: 3_000))
    try file.close()
    try expectRefusal(saying: "damaged", "left as it is", "move it away")
  }

  @Test("a database with a page that nothing leads to any more")
  func lostPage() async throws {
    try await fill(instances: 200)
    let database = try DatabaseQueue(path: path)
    try await database.write { database in
      // The table's root page becomes that of an empty table.
      try database.execute(sql: "CREATE TABLE other (key TEXT PRIMARY KEY) WITHOUT ROWID")
      try database.execute(
        sql: """
          PRAGMA writable_schema = ON;
          UPDATE sqlite_schema SET rootpage = (
            SELECT rootpage FROM sqlite_schema WHERE name = 'other') WHERE name = 'instance'
          """)
    }
    try database.close()
    try expectRefusal(saying: "damaged", "left as it is")
  }

  @Test("a database that another process has locked")
  func locked() async throws {
    try await fill()
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    let other = try DatabaseQueue(path: path, configuration: configuration)
    try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN EXCLUSIVE") }
    try expectRefusal(saying: "locked by another process")
    try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
    _ = try SQLiteStore(path: path)
  }

  @Test("a write-ahead log that was cut off, and takes the commits that are whole")
  func truncatedLog() async throws {
    let store = try SQLiteStore(path: path)
    var lengths: [Int] = []
    for count in 1...3 {
      try await store.commit(StoreContractTests.batch(count, revision: UInt64(count)))
      lengths.append(try Data(contentsOf: URL(filePath: path + "-wal")).count)
    }
    let database = try Data(contentsOf: URL(filePath: path))
    let log = try Data(contentsOf: URL(filePath: path + "-wal"))
    for length in stride(from: 0, through: log.count, by: 1_000) {
      let image: FaultyDisk.Image = [
        "rollcall.db": database, "rollcall.db-wal": log.prefix(length),
      ]
      let whole = lengths.count { $0 <= length }
      try await image.withStore { store in
        let revision = try await store.load().position.revision
        #expect(revision == UInt64(whole), "\(length) of \(log.count) octets")
        #expect(try await store.allInstances().count == whole)
      }
    }
  }

  @Test("what a crash in a replacement has left, and finishes or drops it")
  func leftovers() async throws {
    try await fill(instances: 1)
    let old = try Data(contentsOf: URL(filePath: path))
    try FileManager.default.removeItem(atPath: path)
    try await fill(instances: 2)
    let new = try Data(contentsOf: URL(filePath: path))
    let log = Data("the old one's log".utf8)
    let images: [(FaultyDisk.Image, Int)] = [
      (["rollcall.db": old, "rollcall.db.partial": new.prefix(5_000)], 1),
      (["rollcall.db": old, "rollcall.db.partial": new, "rollcall.db.partial-journal": log], 1),
      (["rollcall.db": old, "rollcall.db-wal": log, "rollcall.db.whole": new], 2),
      (["rollcall.db": old, "rollcall.db.whole": new], 2),
      (["rollcall.db.whole": new], 2),
    ]
    for (image, count) in images {
      try await image.withStore { store in
        let stored = try await store.allInstances()
        #expect(stored.count == count, "\(image.keys.sorted())")
      }
    }
  }

  @Test("Each call that fails in a start leaves all that was stored")
  func failures() async throws {
    let calls: [(FaultyDisk.Call, Int32)] = [
      (.open, 14), (.read, 266), (.write, 778), (.sync, 1_034), (.mapIndex, 5_386), (.rename, 1),
      (.remove, 1), (.syncDirectory, 1), (.lockIndex, 5_130),
    ]
    try await fill()
    let whole = try Data(contentsOf: URL(filePath: path))
    for (call, code) in calls {
      var number = 0
      var isHit = true
      while isHit {
        number += 1
        try await FaultyDisk.with { disk in
          try whole.write(to: URL(filePath: disk.path + ".whole"))
          disk.set(.init(call: call, code: code, first: number, isLasting: true))
          _ = try? SQLiteStore(path: disk.path, calls: disk.calls)
          isHit = disk.hits > 0
          disk.set(nil)
          let store = try SQLiteStore(path: disk.path, calls: disk.calls)
          #expect(try await store.allInstances().count == 3, "\(call) \(number)")
        }
      }
      #expect(number > 1, "no \(call) failed")
    }
  }
}
