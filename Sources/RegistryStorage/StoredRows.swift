// Rows of the database from and to the registry's values.

import GRDB
import JSONText
import ServiceRegistry

extension StorePosition {
  static func fetch(_ database: Database) throws -> StorePosition {
    guard let row = try Row.fetchOne(database, sql: "SELECT * FROM position") else {
      return StorePosition()
    }
    return StorePosition(revision: row["revision"], serial: row["serial"])
  }

  func save(_ database: Database) throws {
    let sql = "UPDATE position SET revision = ?, serial = ?"
    try database.cachedStatement(sql: sql).execute(arguments: [revision, serial])
  }
}

extension ServiceRecord {
  static func fetchAll(_ database: Database) throws -> [ServiceRecord] {
    let rows = try Row.fetchCursor(database, sql: "SELECT * FROM service")
    var parser = JSONParser()
    var records: [ServiceRecord] = []
    while let row = try rows.next() {
      records.append(
        ServiceRecord(
          name: try ServiceName(row["name"]), revision: row["revision"],
          claims: try parser.read(row["claims"], ServiceClaims.init(stored:)),
          emptySince: row["empty_since"]))
    }
    return records
  }

  func save(_ database: Database) throws {
    let sql = """
      INSERT INTO service (key, name, revision, claims, empty_since) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (key) DO UPDATE SET revision = excluded.revision, claims = excluded.claims,
      empty_since = excluded.empty_since
      """
    try database.cachedStatement(sql: sql).execute(
      arguments: [
        name.key, name.text, revision, String(decoding: claims.stored, as: UTF8.self), emptySince,
      ])
  }
}

extension Instance {
  static func fetchAll(_ database: Database) throws -> [Instance] {
    let sql = """
      SELECT service.name, instance.* FROM instance JOIN service ON service.key = instance.service
      """
    let rows = try Row.fetchCursor(database, sql: sql)
    var parser = JSONParser()
    var instances: [Instance] = []
    while let row = try rows.next() {
      let key = InstanceKey(
        service: try ServiceName(row["name"]), id: try Label(row["id"], kind: .instance))
      instances.append(
        Instance(
          key: key,
          registration: try parser.read(row["registration"], Registration.init(stored:)),
          revision: row["revision"], registeredAt: row["registered_at"]))
    }
    return instances
  }

  func save(_ database: Database) throws {
    let sql = """
      INSERT INTO instance (service, key, id, revision, registered_at, registration)
      VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (service, key) DO UPDATE SET revision = excluded.revision,
      registered_at = excluded.registered_at, registration = excluded.registration
      """
    try database.cachedStatement(sql: sql).execute(
      arguments: [
        key.service.key, key.id.key, key.id.text, revision, registeredAt,
        String(decoding: registration.stored, as: UTF8.self),
      ])
  }
}
