// What is not answered from zones: other zones, classes and types, and the server's own names.

import DNSWire
import DNSZone
import TestSupport
import Testing

@Suite("Other names, classes and types")
struct RefusalTests {
  let served = ZoneUnderTest(
    "mesh.internal.", "@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\nweb A 10.0.0.1")

  private func chaos(
    _ name: String, _ type: RecordType = .txt, settings: ResponderSettings = .underTest
  ) throws -> Message {
    let served = ZoneUnderTest([], settings: settings)
    return try served.ask(QueryMessage(name, type).with { $0.recordClass = .chaos })
  }

  @Test(
    "a name outside all zones is REFUSED with EDE 20 (RFC 8914 section 4.21)",
    arguments: [".", "internal.", "other.", "xmesh.internal.", "mesh.internal.org.", "x.internal."])
  func outside(name: String) throws {
    for type in [RecordType.a, .any, .ds, .soa] {
      let reply = try served.ask(name, type)
      #expect(reply.code == .refused)
      #expect(!reply.isAuthoritative)
      #expect(reply.extendedError == 20)
      #expect(reply.answer.isEmpty && reply.authority.isEmpty && reply.additional.isEmpty)
    }
  }

  @Test("without zones every name is REFUSED")
  func noZones() throws {
    let served = ZoneUnderTest([])
    #expect(try served.ask("mesh.internal.", .soa).code == .refused)
    #expect(try served.ask(".", .ns).code == .refused)
  }

  @Test("zone transfers are REFUSED, over TCP too", arguments: [RecordType.axfr, .ixfr])
  func transfers(type: RecordType) throws {
    for transport in Transport.all {
      let reply = try served.ask("mesh.internal.", type, over: transport)
      #expect(reply.code == .refused)
      #expect(reply.answer.isEmpty)
      #expect(!reply.isAuthoritative)
    }
  }

  @Test("a transfer of what is no zone of ours is NOTAUTH (RFC 5936 section 2.2.1)")
  func transfersElsewhere() throws {
    for name in ["web.mesh.internal.", "none.mesh.internal.", "other.", "."] {
      for type in [RecordType.axfr, .ixfr] {
        #expect(try served.ask(name, type).code == .notAuth)
      }
    }
  }

  @Test("a class other than IN is REFUSED", arguments: [0, 2, 4, 254, 255, 65_535] as [UInt16])
  func classes(recordClass: UInt16) throws {
    let reply = try served.ask(
      QueryMessage("web.mesh.internal.", .a).with {
        $0.recordClass = RecordClass(rawValue: recordClass)
      })
    #expect(reply.code == .refused)
    #expect(reply.answer.isEmpty)
  }

  @Test("CHAOS version.bind and id.server tell what is set (RFC 4892)")
  func chaosNames() throws {
    for (name, text) in [
      ("version.bind.", "Rollcall under test"), ("VERSION.Bind.", "Rollcall under test"),
      ("version.server.", "Rollcall under test"), ("id.server.", "unit-7"),
      ("hostname.bind.", "unit-7"),
    ] {
      let reply = try chaos(name)
      #expect(reply.code == .noError)
      #expect(reply.answer.values == ["\"\(text)\""])
      #expect(reply.answer.lines.first?.hasSuffix("0 CH TXT \"\(text)\"") == true)
    }
  }

  @Test("other CHAOS names and types are REFUSED, and all where nothing is set")
  func chaosRefused() throws {
    for name in ["version.bindx.", "bind.", ".", "web.mesh.internal.", "authors.bind."] {
      #expect(try chaos(name).code == .refused)
    }
    #expect(try chaos("version.bind.", .a).code == .refused)
    let silent = ResponderSettings(version: nil, serverID: nil)
    #expect(try chaos("version.bind.", settings: silent).code == .refused)
    #expect(try chaos("id.server.", settings: silent).code == .refused)
  }

  @Test("a CHAOS text is cut to the 255 octets of a string")
  func longChaosText() throws {
    for length in [0, 255, 256, 1000] {
      let settings = ResponderSettings(
        version: String(repeating: "v", count: length), serverID: nil)
      let reply = try chaos("version.bind.", settings: settings)
      let text = String(repeating: "v", count: min(length, 255))
      #expect(reply.answer.values == ["\"\(text)\""])
    }
  }

  @Test("CHAOS names exist in class CHAOS only")
  func chaosNamesInIN() throws {
    #expect(try served.ask("version.bind.", .txt).code == .refused)
  }
}
