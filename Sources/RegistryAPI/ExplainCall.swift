// The call that tells why DNS answers as it does.

import DNSWire
import Hummingbird
import JSONText
import ServiceRegistry

extension RegistryAPI {
  /// `GET /v1/explain`
  func explain(_ query: RequestQuery, for caller: Caller) async throws -> Response {
    let limit = try query.limit()
    let name = try query.domainName("name")
    let type = try query.recordType("type")
    let place = try query["cursor"].map(Self.place)
    // Whether the name is there or not.
    guard caller.seesAll || registry.names.possibleServices(of: name).contains(where: caller.covers)
    else {
      throw Problem.forbidden(
        "the token '\(caller.name)' covers no service that could have this name", field: "name")
    }
    let explanation = await registry.explain(
      name, type, within: caller.reach, after: place, limit: limit + 1)
    return .json { $0.append(explanation, limit: limit, serviceZone: registry.names.apex) }
  }

  /// A cursor is `service/id`, of the instance that was shown last.
  private static func place(_ cursor: String) throws -> InstanceKey {
    let parts = cursor.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let service = try? ServiceName(String(parts[0])),
      let id = try? Label(String(parts[1]), kind: .instance)
    else { throw Problem.badField("cursor", "must be the next_cursor of an earlier reply") }
    return InstanceKey(service: service, id: id)
  }
}

extension RequestQuery {
  /// A name in presentation format; a final dot is optional.
  fileprivate func domainName(_ name: String) throws(Problem) -> DomainName {
    guard let text = self[name] else { throw .badField(name, "is missing") }
    // A name holds octets: which ones other characters are must be said.
    guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw .badField(name, #"may hold only visible ASCII; other octets are written \DDD"#)
    }
    do throws(DomainNameError) {
      return try DomainName(text)
    } catch {
      throw .badField(name, "\(error)")
    }
  }

  /// One of the types that instances have; A if none is given.
  fileprivate func recordType(_ name: String) throws(Problem) -> RecordType {
    guard let text = self[name] else { return .a }
    let types: [RecordType] = [.a, .aaaa, .srv, .txt]
    guard let type = types.first(where: { $0.description == text.uppercased() }) else {
      let known = types.map(\.description).joined(separator: ", ")
      throw .badField(name, "must be one of \(known)")
    }
    return type
  }
}

extension JSONWriter {
  /// - Parameter limit: instances to show; if there is one more, there is a cursor.
  fileprivate mutating func append(
    _ explanation: Explanation, limit: Int, serviceZone: DomainName
  ) {
    let shown = Array(explanation.items.prefix(limit))
    let last = explanation.items.count > limit ? shown.last?.instance.instance.key : nil
    append(verbatim: #"{"name":"#)
    append(explanation.name.description)
    append(verbatim: #","type":"#)
    append(explanation.type.description)
    append(verbatim: #","aliases":"#)
    append(explanation.aliases) { $0.append($1.description) }
    append(verbatim: #","zone":"#)
    append(.text(explanation.zone?.description))
    append(verbatim: #","code":"#)
    append(explanation.code.description)
    append(verbatim: #","cause":"#)
    append(explanation.cause.rawValue)
    append(verbatim: #","detail":"#)
    append(explanation.detail(serviceZone))
    append(verbatim: #","in":"#)
    append(explanation.inCount)
    append(verbatim: #","instances":"#)
    append(shown) { $0.append($1) }
    append(verbatim: #","next_cursor":"#)
    append(.text(last.map { "\($0.service.key)/\($0.id.key)" }))
    append(verbatim: "}")
  }

  private mutating func append(_ item: Explanation.Item) {
    append(verbatim: #"{"service":"#)
    append(item.instance.instance.key.service.text)
    append(verbatim: #","id":"#)
    append(item.instance.instance.key.id.text)
    append(verbatim: #","in":"#)
    append(.bool(item.absence == nil))
    append(verbatim: #","reason":"#)
    append(.text(item.absence?.rawValue))
    append(verbatim: #","held":"#)
    append(.bool(item.isHeld))
    append(verbatim: #","detail":"#)
    append(item.detail)
    append(verbatim: #","status":"#)
    append(item.instance.status.rawValue)
    append(verbatim: "}")
  }
}

// MARK: For people

extension Explanation.Item {
  fileprivate var detail: String {
    if let absence { return absence.detail }
    return isHeld
      ? "is in the answer: its lease has ended, or does so at once, and the brake holds it"
      : "is in the answer"
  }
}

extension Explanation {
  fileprivate func detail(_ serviceZone: DomainName) -> String {
    let names = services.map { "'\($0)'" }.joined(separator: " and ")
    switch cause {
    case .registered:
      return items.isEmpty && inCount == 0
        ? "the name is one of the service \(names), which has no instances"
        : "the name is one of the service \(names); instances in the answer: \(inCount)"
    case .zoneFile:
      return "the zone file of \(zone?.description ?? "the zone") decides on this name"
    case .noSuchName:
      return services.isEmpty
        ? "no service has this name"
        : "the service \(names) is there, but no instance, port or tag of it has this name"
    case .noRecords:
      return "nothing is registered at this name; names below it, or the zone itself, make it exist"
    case .noZone:
      return "the name is in no zone that is served here; the service zone is \(serviceZone)"
    case .brokenZone:
      return "the zone's file is refused; the log, or 'rollcall serve --check', says why"
    case .hidden:
      return "the name belongs to something that the token does not cover"
    }
  }
}

extension Absence {
  fileprivate var detail: String {
    switch self {
    case .leaving: "its service is being removed"
    case .zoneFile: "a zone file leaves no room for the name"
    case .otherService: "the name of this port belongs to another service"
    case .leaseEnded: "its lease has ended: it has not renewed in time"
    case .draining: "it drains, so only its own name is answered"
    case .critical: "its status is critical"
    case .otherProtocol: "its default port is of the other protocol"
    case .otherTag: "it does not have this tag"
    case .noSuchType: "no instance has records of this type at such a name"
    case .noPort: "it has no such port"
    case .noAddress: "it has no address of this family"
    case .otherPriority: "instances with a lower priority number are live"
    }
  }
}
