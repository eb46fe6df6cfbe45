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
    // By number: looking columns up by name takes longer than reading them.
    let sql = "SELECT name, revision, claims, empty_since FROM service"
    let rows = try Row.fetchCursor(database, sql: sql)
    var parser = JSONParser()
    var records: [ServiceRecord] = []
    while let row = try rows.next() {
      records.append(
        ServiceRecord(
          name: try ServiceName(row[0]), revision: row[1],
          claims: try parser.read(row[2], ServiceClaims.init(stored:)), emptySince: row[3]))
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
      SELECT service.name, id, instance.revision, registered_at, registration
      FROM instance JOIN service ON service.key = instance.service
      """
    let rows = try Row.fetchCursor(database, sql: sql)
    var parser = JSONParser()
    var service: ServiceName?
    var instances: [Instance] = []
    while let row = try rows.next() {
      let text: String = row[0]
      // Those of a service come one after the other.
      if text != service?.text { service = try ServiceName(text) }
      guard let service else { continue }
      instances.append(
        Instance(
          key: InstanceKey(service: service, id: try Label(row[1], kind: .instance)),
          registration: try parser.read(row[4], Registration.init(stored:)),
          revision: row[2], registeredAt: row[3]))
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
