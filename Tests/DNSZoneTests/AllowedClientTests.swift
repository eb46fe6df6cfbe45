// Who is answered, and what the others get.

import DNSWire
import DNSZone
import TestSupport
import Testing

@Suite("Allowed clients (RFC 8914 section 4.19)")
struct AllowedClientTests {
  static let zone = "@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\nweb A 10.0.0.1"

  private let served = ZoneUnderTest("mesh.internal.", Self.zone)

  private func responder(allowing prefixes: String...) throws -> Responder {
    var settings = ResponderSettings.underTest
    settings.allowedClients = try prefixes.map { try #require(AddressPrefix($0)) }
    return try #require(Responder(domain: served.domain, settings: settings))
  }

  private func ask(
    _ responder: Responder, from client: String, isUDP: Bool = true,
    _ query: QueryMessage = QueryMessage("web.mesh.internal.", .a).with { $0.opt = [.init()] }
  ) throws -> Message {
    let client = client.isEmpty ? [] : try #require(IPAddress(client)).octets
    return try Message(responder.reply(to: query.octets, from: client, isUDP: isUDP, at: 0))
  }

  @Test("without a list everybody is answered")
  func everybody() throws {
    let responder = try responder()
    for client in ["127.0.0.1", "203.0.113.9", "2001:db8::1", ""] {
      #expect(try ask(responder, from: client).answer.values == ["10.0.0.1"])
    }
  }

  @Test("a client on the list is answered, another is REFUSED with EDE 18, over UDP and TCP")
  func list() throws {
    let responder = try responder(allowing: "10.0.0.0/8", "192.0.2.7", "2001:db8::/32")
    for isUDP in [true, false] {
      for client in ["10.255.0.1", "192.0.2.7", "2001:db8:ffff::1"] {
        let reply = try ask(responder, from: client, isUDP: isUDP)
        #expect(reply.code == .noError && reply.answer.values == ["10.0.0.1"], "\(client)")
      }
      for client in ["11.0.0.1", "192.0.2.8", "2001:db9::1", "127.0.0.1", "::1", ""] {
        let reply = try ask(responder, from: client, isUDP: isUDP)
        #expect(reply.code == .refused && reply.extendedError == 18, "\(client)")
        #expect(!reply.isAuthoritative && !reply.isTruncated)
        #expect(reply.answer.isEmpty && reply.authority.isEmpty && reply.additional.isEmpty)
      }
    }
  }

  @Test("an IPv4-mapped address is the IPv4 address")
  func mapped() throws {
    let responder = try responder(allowing: "10.0.0.0/8")
    let query = QueryMessage("web.mesh.internal.", .a).octets
    for (first, code) in [(10 as UInt8, ResponseCode.noError), (11, .refused)] {
      let client = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF, first, 1, 2, 3]
      let reply = try Message(responder.reply(to: query, from: client, isUDP: true, at: 0))
      #expect(reply.code == code)
    }
  }

  @Test("the others learn nothing, whatever they ask")
  func nothing() throws {
    let responder = try responder(allowing: "10.0.0.0/8")
    let chaos = QueryMessage("version.bind.", .txt).with { $0.recordClass = .chaos }
    let questions = [
      chaos, QueryMessage("none.mesh.internal.", .a), QueryMessage("elsewhere.", .a),
      QueryMessage("mesh.internal.", .axfr), QueryMessage("web.mesh.internal.", .any),
      QueryMessage("web.mesh.internal.", .a).with { $0.opt = [.init(version: 1)] },
      QueryMessage("web.mesh.internal.", .a).with { $0.flags = 0x2000 },
    ]
    for query in questions {
      let reply = try ask(responder, from: "11.0.0.1", query)
      #expect(reply.code == .refused)
      #expect(reply.answer.isEmpty && reply.authority.isEmpty && reply.additional.isEmpty)
      #expect(reply.question != nil)
    }
    let response = QueryMessage("web.mesh.internal.", .a).with { $0.flags = 0x8000 }
    #expect(responder.reply(to: response.octets, from: [11, 0, 0, 1], isUDP: true, at: 0) == [])
  }
}
