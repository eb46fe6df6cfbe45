// What is stored as lines of JSON.

import GRDB
import JSONText

/// The first line says what the file is, and the numbers that only go up. After it comes each
/// service in order of name, then each instance in order of service and id: names, and the columns
/// of the row.
enum ExportFormat {
  static let name = "rollcall-export"
  static let version = 1

  /// These follow from the names, or stand in a line by another name.
  private static let named: Set<String> = ["number", "key", "service", "name", "id"]

  /// The columns of a table that stand in a line besides names.
  static func columns(of table: String, in database: Database) throws -> [String] {
    try database.columns(in: table).map(\.name).filter { !named.contains($0) }
  }

  /// The others hold numbers, or nothing.
  static func isJSON(_ column: String) -> Bool { column == "claims" || column == "registration" }
}

extension StoreSnapshot {
  /// Writes all that is stored at one moment.
  ///
  /// - Parameters:
  ///   - write: gets whole lines, many at once.
  ///   - progress: is told how much of it is done, from 0 to 1.
  /// - Returns: how many services and instances there are.
  package func export(
    _ write: @escaping ([UInt8]) throws -> Void, progress: @escaping (Double) -> Void
  ) throws(SavedStateError) -> (services: Int, instances: Int) {
    try read { database in
      let services = try Int.fetchOne(database, sql: "SELECT count(*) FROM service") ?? 0
      let instances = try Int.fetchOne(database, sql: "SELECT count(*) FROM instance") ?? 0
      var lines = LineBuffer(expected: services + instances, write: write, progress: progress)
      for sql in try Self.queries(database) {
        try RawStatement(sql, in: database).forEachRow(Arguments()) { row in
          try row.withText(0) { try lines.append($0) }
          return true
        }
      }
      try lines.flush()
      return (services, instances)
    }
  }

  /// Each gives lines.
  private static func queries(_ database: Database) throws -> [String] {
    func members(_ table: String) throws -> String {
      try ExportFormat.columns(of: table, in: database).map { column in
        let value = "\(table).\(column)"
        return ", '\(column)', " + (ExportFormat.isJSON(column) ? "json(\(value))" : value)
      }.joined()
    }
    let (service, instance) = (try members("service"), try members("instance"))
    return [
      """
      SELECT json_object('format', '\(ExportFormat.name)', 'version', \(ExportFormat.version),
        'revision', revision, 'serial', serial) FROM position
      """,
      "SELECT json_object('service', name\(service)) FROM service ORDER BY key",
      """
      SELECT json_object('service', service.name, 'id', id\(instance))
      FROM service JOIN instance ON instance.service = service.number
      ORDER BY service.key, instance.key
      """,
    ]
  }
}

/// Lines that are written together.
private struct LineBuffer {
  private static let length = 1 << 16

  let expected: Int
  let write: ([UInt8]) throws -> Void
  let progress: (Double) -> Void
  private var octets: [UInt8] = []
  private var count = 0

  init(
    expected: Int, write: @escaping ([UInt8]) throws -> Void, progress: @escaping (Double) -> Void
  ) {
    self.expected = expected
    self.write = write
    self.progress = progress
  }

  mutating func append(_ line: UnsafeBufferPointer<UInt8>) throws {
    octets.append(contentsOf: line)
    octets.append(UInt8(ascii: "\n"))
    count += 1
    if octets.count >= Self.length { try flush() }
  }

  mutating func flush() throws {
    try write(octets)
    octets.removeAll(keepingCapacity: true)
    progress(Double(count) / Double(max(count, expected)))
  }
}
