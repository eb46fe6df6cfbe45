// The calls about zone files.

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
