// The members of an object that has fixed ones.

/// What is wrong with a value, and where it stands.
@usableFromInline package struct JSONFault: Error, Equatable {
  /// Such as `ports.grpc.port` or `tags.3`; empty for the whole text.
  @usableFromInline package let path: String
  /// Goes on where the path ends: "must be a string".
  @usableFromInline package let fault: String
  /// The number that was passed.
  @usableFromInline package let limit: Int?

  @usableFromInline package init(_ path: String, _ fault: String, limit: Int? = nil) {
    self.path = path
    self.fault = fault
    self.limit = limit
  }

  @usableFromInline func below(_ name: String) -> JSONFault {
    JSONFault(path.isEmpty ? name : "\(name).\(path)", fault, limit: limit)
  }
}

/// An object's members by name: each known, each once.
@usableFromInline package struct JSONFields<Name: RawRepresentable & CaseIterable & Equatable>
where Name.RawValue == String {
  @usableFromInline var values: [(name: Name, value: JSONValue)] = []

  /// - Parameter excluded: names that the object may not have.
  @inlinable package init(_ object: JSONValue, except excluded: [Name] = []) throws(JSONFault) {
    guard let members = object.members else { throw JSONFault("", "must be an object") }
    values.reserveCapacity(Name.allCases.count)
    for member in members {
      let text = member.name.string ?? ""
      guard let name = Name(rawValue: text), !excluded.contains(name) else {
        let known = Name.allCases.filter { !excluded.contains($0) }.map(\.rawValue)
        throw JSONFault(text, "is unknown" + suggestion(for: text, among: known))
      }
      guard self[name] == nil else { throw JSONFault(text, "is given twice") }
      values.append((name, member.value))
    }
  }

  @inlinable package subscript(name: Name) -> JSONValue? {
    for entry in values where entry.name == name { return entry.value }
    return nil
  }

  @inlinable package func has(_ name: Name) -> Bool { self[name] != nil }

  /// What `read` makes of the member; nil when it is not there. Faults get the member's name.
  @inlinable package func value<Value>(
    _ name: Name, _ read: (JSONValue) throws(JSONFault) -> Value
  ) throws(JSONFault) -> Value? {
    guard let value = self[name] else { return nil }
    do throws(JSONFault) {
      return try read(value)
    } catch {
      throw error.below(name.rawValue)
    }
  }

  @inlinable package func string(_ name: Name) throws(JSONFault) -> String? {
    try value(name) { value throws(JSONFault) in try value.requireString() }
  }

  @inlinable package func integer(_ name: Name, in range: ClosedRange<Int>) throws(JSONFault)
    -> Int?
  {
    try value(name) { value throws(JSONFault) in try value.requireInteger(in: range) }
  }

  @inlinable package func choice<Choice: RawRepresentable & CaseIterable>(
    _ name: Name
  ) throws(JSONFault) -> Choice? where Choice.RawValue == String {
    try value(name) { value throws(JSONFault) in
      try Choice(named: value.requireString())
    }
  }

  /// What `read` makes of each element of the member, which must be an array.
  @inlinable package func elements<Element>(
    _ name: Name, _ read: (JSONValue) throws(JSONFault) -> Element
  ) throws(JSONFault) -> [Element]? {
    try value(name) { value throws(JSONFault) in
      guard let elements = value.elements else { throw JSONFault("", "must be an array") }
      var results: [Element] = []
      for element in elements {
        do throws(JSONFault) {
          results.append(try read(element))
        } catch {
          throw error.below("\(results.count)")
        }
      }
      return results
    }
  }

  /// What `read` makes of each member of the member, which must be an object of members with any
  /// names, each once.
  @inlinable package func members<Element>(
    _ name: Name, _ read: (_ name: String, JSONValue) throws(JSONFault) -> Element
  ) throws(JSONFault) -> [Element]? {
    try value(name) { value throws(JSONFault) in
      guard let members = value.members else { throw JSONFault("", "must be an object") }
      var results: [Element] = []
      var names: Set<String> = []
      for member in members {
        let name = member.name.string ?? ""
        do throws(JSONFault) {
          guard names.insert(name).inserted else { throw JSONFault("", "is given twice") }
          results.append(try read(name, member.value))
        } catch {
          throw error.below(name)
        }
      }
      return results
    }
  }
}

extension JSONValue {
  @inlinable package func requireString() throws(JSONFault) -> String {
    guard let string else { throw JSONFault("", "must be a string") }
    return string
  }

  @inlinable package func requireInteger(in range: ClosedRange<Int>) throws(JSONFault) -> Int {
    guard let integer, range.contains(integer) else {
      throw JSONFault(
        "", "must be a whole number from \(range.lowerBound) to \(range.upperBound)",
        limit: range.upperBound)
    }
    return integer
  }
}

extension RawRepresentable where RawValue == String, Self: CaseIterable {
  /// - Throws: a fault without path when `text` is none of the values.
  @inlinable package init(named text: String) throws(JSONFault) {
    guard let value = Self(rawValue: text) else {
      let known = Self.allCases.map(\.rawValue)
      throw JSONFault(
        "",
        "must be one of \(known.joined(separator: ", "))" + suggestion(for: text, among: known))
    }
    self = value
  }
}
