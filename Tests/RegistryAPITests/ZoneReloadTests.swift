// Reloading zone files over HTTP.

import DNSWire
import Foundation
import ServiceRegistry
import Testing

@testable import RegistryAPI

@Suite("Reloading zones") struct ZoneReloadTests {
  static let path = "/v1/zones/reload"
  static let reports = [
    ZoneReport(DomainName(uncheckedWire: [1, 0x61, 0]), .changed, serial: 7),
    ZoneReport(DomainName(uncheckedWire: [1, 0x62, 0]), .removed, serial: nil),
  ]

  private struct Report: Decodable, Equatable {
    struct Zone: Decodable, Equatable {
      let zone: String
      let result: String
      let serial: Int?
    }
    let zones: [Zone]
    let refused: [String]
    let warnings: [String]
  }

  private func report(_ reply: Reply) throws -> Report {
    try JSONDecoder().decode(Report.self, from: Data(reply.body.utf8))
  }

  private static let zones: [Report.Zone] = [
    .init(zone: "a.", result: "changed", serial: 7),
    .init(zone: "b.", result: "removed", serial: nil),
  ]

  @Test("A reload tells what became of each zone")
  func reload() async throws {
    let result = ZoneReload(zones: Self.reports, refused: [], warnings: ["a warning"])
    try await withServer(reloadZones: result) { server in
      for body in [nil, "{}"] {
        let reply = try await server.post(Self.path, body)
        #expect(reply.status == 200)
        #expect(
          try report(reply) == Report(zones: Self.zones, refused: [], warnings: ["a warning"]))
      }
      #expect(try await server.post(Self.path, #"{"zone": "a."}"#).status == 400)
      #expect(try await server.curl(Self.path).status == 405)
    }
  }

  @Test("A refused file is 422, with what became of the others")
  func refusedFile() async throws {
    let result = ZoneReload(zones: Self.reports, refused: ["zones/a.zone:3: no"], warnings: [])
    try await withServer(reloadZones: result) { server in
      let reply = try await server.post(Self.path, nil)
      let problem = try reply.problem()
      #expect((problem.status, problem.type) == (422, "urn:rollcall:problem:zone-file-refused"))
      #expect(reply.status == 422)
      #expect(problem.detail.contains("zones/a.zone:3: no"))
      #expect(
        try report(reply)
          == Report(zones: Self.zones, refused: ["zones/a.zone:3: no"], warnings: []))
    }
  }

  @Test("A reload that would take a registered name is 409 and names both")
  func covered() async throws {
    let error = RegistryError.nameCovered(registered: "web.mesh.", holder: "mesh.")
    try await withServer(reloadError: error) { server in
      let problem = try await server.post(Self.path, nil).problem()
      #expect((problem.status, problem.type) == (409, "urn:rollcall:problem:name-covered"))
      #expect(problem.detail.contains("web.mesh.") && problem.detail.contains(" mesh. "))
    }
  }
}
