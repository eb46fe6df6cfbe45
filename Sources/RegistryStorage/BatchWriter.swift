// A batch of changes to rows of the database.

import DNSWire
import GRDB
import JSONText
import ServiceRegistry

/// Writes one batch, in a transaction that its caller makes. Statements are prepared once for it
/// and rows are handed to SQLite without a value or string made for each column.
struct BatchWriter: ~Copyable {
  private let database: Database
  private var arguments = Arguments()
  /// Of the services that the batch changes.
  private var numbers: [ServiceName: Int64] = [:]

  init(_ database: Database) {
    self.database = database
  }

  mutating func write(_ batch: StoreBatch) throws {
    try remove(batch.removedServices)
    try save(batch.services)
    try save(batch.instances)
    try remove(batch.removedInstances)
    try batch.position.save(database)
  }

  // MARK: Services

  private mutating func remove(_ services: [ServiceName]) throws {
    guard !services.isEmpty else { return }
    let removeInstances = try RawStatement(
      "DELETE FROM instance WHERE service = (SELECT number FROM service WHERE key = ?)",
      in: database)
    let removeService = try RawStatement("DELETE FROM service WHERE key = ?", in: database)
    for name in services {
      arguments.removeAll()
      arguments.append(name.key)
      try removeInstances.run(arguments)
      try removeService.run(arguments)
    }
  }

  private mutating func save(_ records: [ServiceRecord]) throws {
    guard !records.isEmpty else { return }
    let save = try RawStatement(
      """
      INSERT INTO service (key, name, revision, claims, empty_since, ttl_seconds, max_answers,
        former_ttl_seconds, former_ttl_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (key) DO UPDATE SET revision = excluded.revision, claims = excluded.claims,
        empty_since = excluded.empty_since, ttl_seconds = excluded.ttl_seconds,
        max_answers = excluded.max_answers, former_ttl_seconds = excluded.former_ttl_seconds,
        former_ttl_until = excluded.former_ttl_until
      RETURNING number
      """, in: database)
    numbers.reserveCapacity(records.count)
    for record in records {
      arguments.removeAll()
      arguments.append(record.name.key)
      arguments.append(record.name.text)
      arguments.append(Int64(record.revision))
      arguments.append { record.claims.write(to: &$0) }
      arguments.append(record.emptySince)
      arguments.append(record.settings.ttl.map(Int64.init))
      arguments.append(record.settings.maxAnswers.map(Int64.init))
      arguments.append(record.formerTTL.map { Int64($0.seconds) })
      arguments.append(record.formerTTL?.until)
      numbers[record.name] = try save.run(arguments) { $0.integer(0) }
    }
  }

  /// Nil if there is no such service.
  private mutating func number(of service: ServiceName) throws -> Int64? {
    if let number = numbers[service] { return number }
    let find = try RawStatement("SELECT number FROM service WHERE key = ?", in: database)
    arguments.removeAll()
    arguments.append(service.key)
    return try find.run(arguments) { $0.integer(0) }
  }

  // MARK: Instances

  /// Rows that one statement writes: beginning a statement costs as much as a row.
  private static let rowsAtOnce = 16

  private static func saveStatement(rows: Int, in database: Database) throws -> RawStatement {
    let values = Array(repeating: "(?, ?, ?, ?, ?, ?, ?)", count: rows).joined(separator: ", ")
    return try RawStatement(
      """
      REPLACE INTO instance (service, key, id, revision, registered_at, registration, safe_at)
      VALUES \(values)
      """, in: database)
  }

  private mutating func save(_ instances: [Instance]) throws {
    guard !instances.isEmpty else { return }
    var rows = try places(of: instances)[...]
    let saveOne = try Self.saveStatement(rows: 1, in: database)
    let saveMany =
      rows.count < Self.rowsAtOnce
      ? saveOne : try Self.saveStatement(rows: Self.rowsAtOnce, in: database)
    while let next = rows.first {
      arguments.removeAll()
      if rows.count < Self.rowsAtOnce {
        arguments.append(instances[next.index], service: next.service)
        try saveOne.run(arguments)
        rows.removeFirst()
      } else {
        for row in rows.prefix(Self.rowsAtOnce) {
          arguments.append(instances[row.index], service: row.service)
        }
        try saveMany.run(arguments)
        rows.removeFirst(Self.rowsAtOnce)
      }
    }
  }

  /// The instances with their services' numbers, in the order of the table as far as the numbers
  /// say: neighbours are written to the same page.
  private mutating func places(
    of instances: [Instance]
  ) throws -> [(service: Int64, index: Int)] {
    var places: [(service: Int64, index: Int)] = []
    places.reserveCapacity(instances.count)
    var last: (name: ServiceName, number: Int64)?
    for (index, instance) in instances.enumerated() {
      let name = instance.key.service
      // Those of a service mostly come one after the other.
      if last?.name != name {
        guard let number = try number(of: name) else {
          throw DatabaseError(message: "there is no service '\(name)' for its instance")
        }
        last = (name, number)
      }
      if let last { places.append((last.number, index)) }
    }
    places.sort { $0 < $1 }
    return places
  }

  private mutating func remove(_ keys: [InstanceKey]) throws {
    guard !keys.isEmpty else { return }
    let remove = try RawStatement(
      "DELETE FROM instance WHERE service = ? AND key = ?", in: database)
    for key in keys {
      // Without its service it is gone already.
      guard let number = try number(of: key.service) else { continue }
      arguments.removeAll()
      arguments.append(number)
      arguments.append(key.id.key)
      try remove.run(arguments)
    }
  }
}

extension Arguments {
  /// Adds the columns of an instance's row.
  fileprivate mutating func append(_ instance: Instance, service: Int64) {
    let id = instance.key.id
    let key = id.key
    append(service)
    append(key)
    if key == id.text { appendLast() } else { append(id.text) }
    append(Int64(instance.revision))
    append(instance.registeredAt)
    append { instance.registration.write(to: &$0) }
    append(instance.safeAt)
  }
}

extension StorePosition {
  fileprivate func save(_ database: Database) throws {
    let sql = "UPDATE position SET revision = ?, serial = ?"
    try database.cachedStatement(sql: sql).execute(arguments: [revision, serial])
  }
}
