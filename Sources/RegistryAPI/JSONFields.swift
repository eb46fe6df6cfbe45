// The fields of a JSON object, each read as what it has to be.

/// An object whose names are all known. Errors name the field by its path, as `ports.dns.port`.
struct JSONFields {
  private let members: [String: JSON]
  private let path: String

  /// - Parameter path: where the object stands in the body; empty for the body itself.
  init(_ json: JSON, path: String = "", known: [String]) throws(Problem) {
    self.path = path
    guard case .object(let members) = json else {
      throw path.isEmpty ? .notAnObject : .badField(path, "must be an object")
    }
    self.members = members
    for name in members.keys.sorted() where !known.contains(name) {
      throw .badField(fullName(name), "is unknown" + suggestion(for: name, among: known))
    }
  }

  func has(_ name: String) -> Bool { self[name] != nil }

  subscript(name: String) -> JSON? { members[name] }

  func string(_ name: String) throws(Problem) -> String? {
    try self[name]?.string(fullName(name))
  }

  func integer(_ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int? {
    try self[name]?.integer(fullName(name), in: range)
  }

  func choice<Choice: RawRepresentable & CaseIterable>(
    _ name: String
  ) throws(Problem) -> Choice? where Choice.RawValue == String {
    guard let text = try string(name) else { return nil }
    return try Choice(named: text, field: fullName(name))
  }

  /// The items of an array with their paths.
  func items(_ name: String) throws(Problem) -> [(path: String, value: JSON)]? {
    guard let json = self[name] else { return nil }
    guard case .array(let items) = json else {
      throw .badField(fullName(name), "must be an array")
    }
    return items.enumerated().map { ("\(fullName(name)).\($0.offset)", $0.element) }
  }

  /// The members of an object, whatever their names, with their paths.
  func entries(
    _ name: String
  ) throws(Problem) -> [(path: String, name: String, value: JSON)]? {
    guard let json = self[name] else { return nil }
    guard case .object(let members) = json else {
      throw .badField(fullName(name), "must be an object")
    }
    return members.sorted { $0.key < $1.key }
      .map { ("\(fullName(name)).\($0.key)", $0.key, $0.value) }
  }

  private func fullName(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
}

extension JSON {
  func string(_ path: String) throws(Problem) -> String {
    guard case .string(let text) = self else { throw .badField(path, "must be a string") }
    return text
  }

  func integer(_ path: String, in range: ClosedRange<Int>) throws(Problem) -> Int {
    guard case .integer(let number) = self, range.contains(number) else {
      throw .badField(
        path,
        "must be a whole number from \(range.lowerBound) to \(range.upperBound)",
        limit: range.upperBound)
    }
    return number
  }
}

extension RawRepresentable where RawValue == String, Self: CaseIterable {
  init(named text: String, field: String) throws(Problem) {
    guard let value = Self(rawValue: text) else {
      let known = Self.allCases.map(\.rawValue)
      throw .badField(
        field,
        "must be one of \(known.joined(separator: ", "))" + suggestion(for: text, among: known))
    }
    self = value
  }
}
