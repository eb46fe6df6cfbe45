// The parameters after a request target's question mark.

import JSONText

/// A query's parameters, each at most once and none that the route does not know.
struct RequestQuery {
  private var values: [String: String] = [:]

  init(_ text: String?, known: [String]) throws(Problem) {
    for parameter in (text ?? "").split(separator: "&") {
      let parts = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = String(percentEncoded: parts[0]),
        let value = String(percentEncoded: parts.count > 1 ? parts[1] : "")
      else { throw .badPath }
      guard known.contains(name) else {
        throw .badField(
          name, "is not a parameter of this call" + suggestion(for: name, among: known))
      }
      guard values.updateValue(value, forKey: name) == nil else {
        throw .badField(name, "is given twice")
      }
    }
  }

  subscript(name: String) -> String? { values[name] }

  /// How many items the client wants at most.
  func limit() throws(Problem) -> Int {
    try number("limit", in: 1...APILimits.page) ?? APILimits.defaultPage
  }

  func number(_ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int? {
    guard let text = values[name] else { return nil }
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text),
      range.contains(number)
    else {
      throw .badField(
        name, "must be a number from \(range.lowerBound) to \(range.upperBound)",
        limit: range.upperBound)
    }
    return number
  }

  /// Whether the client says `true`.
  func flag(_ name: String) throws(Problem) -> Bool {
    switch values[name] {
    case nil, "false": return false
    case "true": return true
    default: throw .badField(name, "must be true or false")
    }
  }

  func choice<Choice: RawRepresentable & CaseIterable>(
    _ name: String
  ) throws(Problem) -> Choice? where Choice.RawValue == String {
    guard let text = values[name] else { return nil }
    do {
      return try Choice(named: text)
    } catch {
      throw .badField(name, error.fault)
    }
  }
}
