// What an instance says of itself, as options.

import ArgumentParser
import Foundation
import JSONText

/// Only what is given goes to the server, which knows the defaults and the limits.
struct RegistrationOptions: ParsableArguments {
  @Option(help: "An address of the instance (default: the one the server sees). Repeatable.")
  var address: [String] = []

  @Option(help: "Its port.")
  var port: Int?

  @Option(
    help: ArgumentHelp(
      "A port with a name, such as grpc=9090 or dns=53/udp. Repeatable.", valueName: "name=port"))
  var namedPort: [String] = []

  @Option(help: "tcp or udp (default: tcp).", completion: .list(["tcp", "udp"]))
  var `protocol`: String?

  @Option(help: "How often it comes first beside others (default: 1).")
  var weight: Int?

  @Option(help: "Higher numbers are for when no lower one is live (default: 0).")
  var priority: Int?

  @Option(help: "A tag. Repeatable.")
  var tag: [String] = []

  @Option(help: ArgumentHelp("What its TXT record says. Repeatable.", valueName: "key=value"))
  var metadata: [String] = []

  @Option(
    help: "passing, warning or critical (default: passing).",
    completion: .list(["passing", "warning", "critical"]))
  var status: String?

  @Option(help: "Seconds of its lease, or none: until it is deregistered (default: 30).")
  var lease: String?

  /// Seconds of a lease where none is said.
  private static let defaultLease = 30

  func validate() throws {
    guard !address.isEmpty || port != nil else {
      throw ValidationError("--port or --address is needed")
    }
    _ = try body
  }

  /// Nil for a lease without end.
  var leaseSeconds: Int? {
    get throws {
      guard let lease else { return Self.defaultLease }
      guard lease != "none" else { return nil }
      guard let seconds = Int(lease), seconds > 0 else {
        throw ValidationError("--lease '\(lease)' must be seconds or none")
      }
      return seconds
    }
  }

  /// Whether connections can be made to its port.
  var isTCP: Bool { port != nil && self.protocol ?? "tcp" == "tcp" }

  /// The body of the registration.
  var body: JSON {
    get throws {
      var members: [(String, JSON)] = []
      if !address.isEmpty { members.append(("addresses", .array(address.map(JSON.string)))) }
      let numbers = [("port", port), ("weight", weight), ("priority", priority)]
      for (name, number) in numbers {
        if let number { members.append((name, .integer(number))) }
      }
      for (name, text) in [("protocol", self.protocol), ("status", status)] {
        if let text { members.append((name, .string(text))) }
      }
      if !namedPort.isEmpty { members.append(("ports", .object(try namedPort.map(Self.port)))) }
      if !tag.isEmpty { members.append(("tags", .array(tag.map(JSON.string)))) }
      if !metadata.isEmpty {
        members.append(
          (
            "metadata",
            .object(
              try metadata.map { (try Self.pair($0, "--metadata")) }
                .map { ($0, .string($1)) })
          ))
      }
      if lease != nil {
        members.append(("lease_seconds", try leaseSeconds.map { .integer($0) } ?? .null))
      }
      return .object(members)
    }
  }

  private static func pair(_ text: String, _ option: String) throws -> (String, String) {
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
      throw ValidationError("\(option) '\(text)' must be a name, an equals sign and a value")
    }
    return (String(text[..<equals]), String(text[text.index(after: equals)...]))
  }

  private static func port(_ text: String) throws -> (String, JSON) {
    let (name, value) = try pair(text, "--named-port")
    let parts = value.split(separator: "/", omittingEmptySubsequences: false)
    guard let number = Int(parts[0]), parts.count <= 2 else {
      throw ValidationError("--named-port '\(text)' must be like grpc=9090 or dns=53/udp")
    }
    guard parts.count == 2 else { return (name, .integer(number)) }
    return (name, .object([("port", .integer(number)), ("protocol", .string(String(parts[1])))]))
  }
}

enum DefaultID {
  /// Characters of the host's part, which leaves room for a port within a label.
  private static let hostLimit = 50

  /// The host's first label and the port: the same after each start on the same machine.
  static func make(host: String?, port: Int?) -> String {
    let label = (host ?? "").lowercased().prefix { $0 != "." }
    let letters = label.unicodeScalars.map { scalar in
      switch scalar {
      case "a"..."z", "0"..."9": Character(scalar)
      default: Character("-")
      }
    }
    let name = String(letters.prefix(hostLimit)).split(separator: "-").joined(separator: "-")
    return [name.isEmpty ? "instance" : name, port.map { "\($0)" }].compactMap(\.self)
      .joined(separator: "-")
  }
}
