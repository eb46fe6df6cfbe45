// A JSON value (RFC 8259) of any shape, so that what a body holds can be compared with what it may.

import FoundationEssentials

/// What a body holds.
enum JSON: Equatable, Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  /// A number that is no integer, or too large for one.
  case otherNumber(Double)
  case string(String)
  case array([JSON])
  case object([String: JSON])

  static func text(_ text: String?) -> JSON { text.map(JSON.string) ?? .null }

  static func object(_ members: [(String, JSON)]) -> JSON {
    .object(Dictionary(uniqueKeysWithValues: members))
  }

  /// Reads a whole text: one value, encoded in UTF-8.
  init(parsing octets: [UInt8]) throws(JSONError) {
    do {
      self = try JSONDecoder().decode(JSON.self, from: Data(octets))
    } catch DecodingError.dataCorrupted(let context) {
      throw JSONError(reason: (context.underlyingError ?? context.debugDescription))
    } catch {
      throw JSONError(reason: error)
    }
  }

  /// The value's text, members in order of name.
  var encoded: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    } catch {
      preconditionFailure("every value that the API makes can be written: \(error)")
    }
  }
}

/// Why a text is not JSON.
struct JSONError: Error {
  let reason: String

  fileprivate init(reason: Any) {
    self.reason = "\(reason)"
  }
}

extension JSON: Codable {
  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let number = try? container.decode(Int.self) {
      self = .integer(number)
    } else if let number = try? container.decode(Double.self) {
      self = .otherNumber(number)
    } else if let string = try? container.decode(String.self) {
      self = .string(string)
    } else if let items = try? container.decode([JSON].self) {
      self = .array(items)
    } else {
      self = .object(try container.decode([String: JSON].self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .bool(let value): try container.encode(value)
    case .integer(let number): try container.encode(number)
    case .otherNumber(let number): try container.encode(number)
    case .string(let string): try container.encode(string)
    case .array(let items): try container.encode(items)
    case .object(let members): try container.encode(members)
    }
  }
}

extension JSON: ExpressibleByStringLiteral {
  init(stringLiteral text: String) { self = .string(text) }
}
