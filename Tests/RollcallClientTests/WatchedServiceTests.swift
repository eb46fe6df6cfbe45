// What the list and the events of a service make of its endpoints.

import Foundation
import Testing

@testable import RollcallClient

@Suite("A watched service")
struct WatchedServiceTests {
  private static func shown(
    _ id: String, status: String = "passing", port: String = "80",
    addresses: String = #"["10.0.0.1"]"#
  ) -> String {
    """
    {"service":"web","id":"\(id)","addresses":\(addresses),"port":\(port),"weight":2,"priority":1,
    "status":"\(status)","names":{"host":"\(id).web.mesh.internal.","srv":[]}}
    """
  }

  private static func event(
    _ kind: String, _ revision: Int, id: String? = nil, instance: String = "null"
  ) -> StreamEvent {
    let id = id.map { #""id":"\#($0)","# } ?? ""
    return StreamEvent(
      id: "\(revision)", kind: kind,
      data: #"{"service":"web",\#(id)"revision":\#(revision),"instance":\#(instance)}"#)
  }

  private func service(_ instances: [String] = [], prefersV6: Bool = false) throws -> WatchedService
  {
    let text = #"{"instances":[\#(instances.joined(separator: ","))],"revision":10}"#
    var service = WatchedService(prefersV6: prefersV6)
    service.replace(with: [
      try JSONDecoder().decode(WatchedService.Page.self, from: Data(text.utf8))
    ])
    return service
  }

  @Test("shows live instances with a port, in order of id")
  func list() throws {
    let service = try service([
      Self.shown("c", status: "warning"), Self.shown("a"), Self.shown("b", status: "critical"),
      Self.shown("d", status: "draining"), Self.shown("e", port: "null"),
    ])
    #expect(service.endpoints.map(\.host) == ["a.web.mesh.internal", "c.web.mesh.internal"])
    #expect(
      service.endpoints.first
        == Endpoint(
          address: "10.0.0.1", port: 80, host: "a.web.mesh.internal", weight: 2, priority: 1))
  }

  @Test("takes an address of the family that is preferred, else the first")
  func families() throws {
    let both = [Self.shown("a", addresses: #"["10.0.0.1","fd00::1"]"#)]
    #expect(try service(both).endpoints.map(\.address) == ["10.0.0.1"])
    #expect(try service(both, prefersV6: true).endpoints.map(\.address) == ["fd00::1"])
    #expect(
      try service([Self.shown("a")], prefersV6: true).endpoints.map(\.address) == ["10.0.0.1"])
  }

  @Test("follows its events, and not those that the list shows already")
  func events() throws {
    var service = try service([Self.shown("a")])
    _ = try service.apply(Self.event("deregistered", 10, id: "a"))
    #expect(service.endpoints.count == 1)
    _ = try service.apply(Self.event("registered", 11, id: "b", instance: Self.shown("b")))
    #expect(service.endpoints.count == 2)
    _ = try service.apply(
      Self.event("status-changed", 12, id: "b", instance: Self.shown("b", status: "critical")))
    _ = try service.apply(Self.event("expired", 13, id: "a"))
    #expect(service.endpoints.isEmpty)
    _ = try service.apply(Self.event("registered", 14, id: "a", instance: Self.shown("a")))
    _ = try service.apply(Self.event("service-configured", 15))
    #expect(service.endpoints.count == 1)
    _ = try service.apply(Self.event("service-removed", 16))
    #expect(service.endpoints.isEmpty)
  }

  @Test("is listed again after a reset, and goes on after the brake has held something")
  func reset() throws {
    var service = try service([Self.shown("a")])
    let reset = try service.apply(StreamEvent(id: "20", kind: "reset", data: #"{"revision":20}"#))
    guard case .outdated = reset else {
      Issue.record("a reset is \(reset)")
      return
    }
    let held = try service.apply(StreamEvent(id: nil, kind: "held", data: #"{"service":"web"}"#))
    guard case .nothing = held else {
      Issue.record("what is held is \(held)")
      return
    }
  }

  @Test("says so when an event can't be read")
  func unreadable() throws {
    var service = try service()
    let event = StreamEvent(id: "11", kind: "registered", data: "{}")
    let error = #expect(throws: RollcallError.self) { try service.apply(event) }
    #expect(error?.kind == .unreadable)
  }
}
