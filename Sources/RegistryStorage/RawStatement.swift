// A prepared statement, used through SQLite's own interface.
//
// GRDB makes a value of every column and an array of every row's arguments; at 50,000 rows in a
// transaction, or a million at start, that takes longer than SQLite itself.
//
// Soundness: the handle is that of a GRDB statement, which this keeps. Texts are bound without a
// copy (the null destructor is SQLITE_STATIC), and the bindings are cleared before the memory that
// they point to is given back; the empty text is a constant. The octets of a column are handed to
// a closure, during which the statement is not stepped.

import GRDB
import GRDBSQLite
import JSONText

struct RawStatement {
  private let statement: Statement
  private var handle: SQLiteStatement { statement.sqliteStatement }

  /// - Parameter sql: prepared once for a connection.
  init(_ sql: String, in database: Database) throws {
    statement = try database.cachedStatement(sql: sql)
  }

  /// Carries the statement out, which gives no rows.
  func run(_ arguments: Arguments) throws {
    try forEachRow(arguments) { _ in true }
  }

  /// Carries the statement out.
  /// - Returns: what `read` makes of its first row; nil if it has none.
  func run<Value>(_ arguments: Arguments, _ read: (Columns) throws -> Value) throws -> Value? {
    var value: Value?
    try forEachRow(arguments) {
      if value == nil { value = try read($0) }
      return true
    }
    return value
  }

  /// Calls `body` with each row until it returns false.
  func forEachRow(_ arguments: Arguments, _ body: (Columns) throws -> Bool) throws {
    try arguments.texts.octets.withUnsafeBytes { texts in
      defer {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
      }
      try bind(arguments.values, texts)
      while true {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: guard try body(Columns(handle: handle)) else { return }
        case SQLITE_DONE: return
        case let code: throw error(code)
        }
      }
    }
  }

  private func bind(_ values: [Arguments.Value], _ texts: UnsafeRawBufferPointer) throws {
    var place: CInt = 0
    for value in values {
      place += 1
      let code =
        switch value {
        case .null: sqlite3_bind_null(handle, place)
        case .integer(let number): sqlite3_bind_int64(handle, place, number)
        case .text(let range): bind(UnsafeRawBufferPointer(rebasing: texts[range]), at: place)
        }
      guard code == SQLITE_OK else { throw error(code) }
    }
  }

  private static let empty: StaticString = ""

  private func bind(_ text: UnsafeRawBufferPointer, at place: CInt) -> CInt {
    // No address would be NULL.
    let start = text.baseAddress ?? UnsafeRawPointer(Self.empty.utf8Start)
    return sqlite3_bind_text(
      handle, place, start.assumingMemoryBound(to: CChar.self), CInt(text.count), nil)
  }

  private func error(_ code: CInt) -> DatabaseError {
    let message = sqlite3_errmsg(sqlite3_db_handle(handle)).map { String(cString: $0) }
    return DatabaseError(resultCode: ResultCode(rawValue: code), message: message)
  }

  /// The columns of the row that the statement is at.
  struct Columns {
    fileprivate let handle: SQLiteStatement

    func integer(_ column: Int) -> Int64 { sqlite3_column_int64(handle, CInt(column)) }

    func optionalInteger(_ column: Int) -> Int64? { isNull(column) ? nil : integer(column) }

    private func isNull(_ column: Int) -> Bool {
      sqlite3_column_type(handle, CInt(column)) == SQLITE_NULL
    }

    /// What `read` makes of a text's octets, which it must not keep.
    func withText<Value>(
      _ column: Int, _ read: (UnsafeBufferPointer<UInt8>) throws -> Value
    ) rethrows -> Value {
      // In this order: asking for the text may turn it into UTF-8 first.
      let text = sqlite3_column_text(handle, CInt(column))
      let count = Int(sqlite3_column_bytes(handle, CInt(column)))
      return try read(UnsafeBufferPointer(start: text, count: text == nil ? 0 : count))
    }

    func string(_ column: Int) -> String {
      withText(column) { String(decoding: $0, as: UTF8.self) }
    }
  }
}

/// What a statement is carried out with. Its texts stand one after the other in one piece of
/// memory, which is kept for the next row: no string is made for any of them.
struct Arguments {
  fileprivate enum Value {
    case null
    case integer(Int64)
    /// Where it is among the texts.
    case text(Range<Int>)
  }

  fileprivate private(set) var values: [Value] = []
  fileprivate private(set) var texts = JSONWriter()

  mutating func removeAll() {
    values.removeAll(keepingCapacity: true)
    texts.removeAll()
  }

  mutating func append(_ number: Int64?) {
    values.append(number.map(Value.integer) ?? .null)
  }

  mutating func append(_ text: String) {
    append { $0.append(plain: text) }
  }

  /// Adds the last one once more.
  mutating func appendLast() {
    if let last = values.last { values.append(last) }
  }

  /// Adds the text that `write` writes.
  mutating func append(_ write: (inout JSONWriter) -> Void) {
    let start = texts.octets.count
    write(&texts)
    values.append(.text(start..<texts.octets.count))
  }
}
