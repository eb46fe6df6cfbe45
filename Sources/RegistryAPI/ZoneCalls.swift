// The calls about zones and their files.

import DNSWire
import Hummingbird
import JSONText
package import ServiceRegistry

/// What came of reading all zone files again.
package struct ZoneReload: Sendable {
  package let zones: [ZoneReport]
  /// File, line and reason for each file that is refused; its zone stays as it was.
  package let refused: [String]
  /// What is served otherwise than it is written.
  package let warnings: [String]

  package init(zones: [ZoneReport], refused: [String], warnings: [String]) {
    self.zones = zones
    self.refused = refused
    self.warnings = warnings
  }
}

extension RegistryAPI {
  /// `GET /v1/zones`
  func listZones() async -> Response {
    let zones = await registry.zones
    return .json {
      $0.append(verbatim: #"{"zones":"#)
      $0.append(zones) { [apex = registry.names.apex] in
        $0.append($1.json(isServiceZone: $1.apex == apex))
      }
      $0.append(verbatim: "}")
    }
  }

  /// `GET /v1/zones/{zone}`
  func showZone(_ name: String) async throws -> Response {
    let apex = try? DomainName(name)
    guard let zone = await registry.zones.first(where: { $0.apex == apex }) else {
      throw Problem.unknownZone(name)
    }
    guard zone.serial != nil else { throw Problem.brokenZone(zone.apex) }
    let place = try longReplies.takePlace()
    let text = ZoneText(zone: zone, registry: registry, line: recordText)
    return Response(
      status: .ok, headers: [.contentType: ZoneText.mediaType],
      body: ResponseBody { writer in
        defer { withExtendedLifetime(place) {} }
        try await text.write(to: &writer)
      })
  }

  /// `POST /v1/zones/reload`
  func reload(_ request: Request, by caller: Caller, from peer: Peer) async throws -> Response {
    try await request.refuseMembers()
    let reload = try await reloadZones()
    audit.recordReload(by: caller, from: peer)
    guard !reload.refused.isEmpty else { return .json(.object(reload.members)) }
    throw Problem(
      status: .unprocessableContent, kind: "zone-file-refused", title: "A zone file is refused",
      detail: "the zones of these files stay as they were; the others are reloaded: "
        + reload.refused.joined(separator: "; "),
      members: reload.members)
  }
}

extension ZoneSummary {
  fileprivate func json(isServiceZone: Bool) -> JSON {
    .object([
      ("zone", .string(apex.description)), ("kind", .string(isServiceZone ? "service" : "static")),
      ("serial", serial.map { .integer(Int($0)) } ?? .null),
    ])
  }
}

extension Problem {
  fileprivate static func unknownZone(_ name: String) -> Problem {
    Problem(
      status: .notFound, kind: "unknown-zone", title: "There is no such zone",
      detail: "there is no zone '\(name)'; GET /v1/zones lists them")
  }

  fileprivate static func brokenZone(_ apex: DomainName) -> Problem {
    Problem(
      status: .serviceUnavailable, kind: "broken-zone", title: "The zone's file is refused",
      detail: "queries for \(apex) fail until its file is right; 'rollcall serve --check' says why")
  }
}

extension ZoneReload {
  fileprivate var members: [(String, JSON)] {
    [
      ("zones", .array(zones.map(\.json))), ("refused", .array(refused.map(JSON.string))),
      ("warnings", .array(warnings.map(JSON.string))),
    ]
  }
}

extension ZoneReport {
  fileprivate var json: JSON {
    .object([
      ("zone", .string(apex.description)), ("result", .string(outcome.rawValue)),
      ("serial", serial.map { .integer(Int($0)) } ?? .null),
    ])
  }
}
