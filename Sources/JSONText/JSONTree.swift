// A JSON text as a value that outlives its octets.

extension JSON {
  /// - Throws: ``JSONError`` also for a number that no reply of ours has, as it could not be
  ///   written as it was read.
  package init(text octets: [UInt8]) throws(JSONError) {
    var parser = JSONParser()
    do {
      self = try octets.withUnsafeBytes { try parser.read($0) { try JSON($0) } }
    } catch let error as JSONError {
      throw error
    } catch {
      throw JSONError(reason: "\(error)")
    }
  }

  private init(_ value: JSONValue) throws(JSONError) {
    switch value.kind {
    case .null: self = .null
    case .yes: self = .bool(true)
    case .no: self = .bool(false)
    case .string: self = .string(value.string ?? "")
    case .integer: self = .integer(value.integer ?? 0)
    case .largeInteger, .otherNumber:
      throw JSONError(reason: "a number is no integer of 64 bits")
    case .array:
      var items: [JSON] = []
      if let elements = value.elements {
        for element in elements { items.append(try JSON(element)) }
      }
      self = .array(items)
    case .object:
      var members: [(name: String, value: JSON)] = []
      if let pairs = value.members {
        for pair in pairs { members.append((pair.name.string ?? "", try JSON(pair.value))) }
      }
      self = .object(members)
    }
  }

  /// The value of an object's member; nil if there is none.
  package subscript(name: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  package var string: String? {
    if case .string(let text) = self { text } else { nil }
  }

  package var integer: Int? {
    if case .integer(let number) = self { number } else { nil }
  }

  /// An array's items; none if it is no array.
  package var items: [JSON] {
    if case .array(let items) = self { items } else { [] }
  }
}
