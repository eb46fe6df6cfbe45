// Queries with a TSIG record, to a server that knows no key.

import DNSWire
import TestSupport
import Testing

@Suite("TSIG with an unknown key (RFC 8945 section 5.2)")
struct SignedQueryTests {
  let served = ZoneUnderTest(
    "mesh.internal.", "@ SOA ns hostmaster 1 7200 900 1209600 60\n@ NS ns\nweb 5 A 10.0.0.1")
  static let algorithm: [UInt8] = [11] + Array("hmac-sha256".utf8) + [0]
  static let time: [UInt8] = [0, 0, 0x65, 1, 2, 3, 1, 0x2C]

  /// A TSIG record of the key `k.` with a MAC of four octets.
  private func record(
    owner: [UInt8] = [1, 0x6B, 0], recordClass: [UInt8] = [0, 255], macLength: UInt16 = 4,
    algorithm: [UInt8] = algorithm
  ) -> [UInt8] {
    let size = [UInt8(macLength >> 8), UInt8(macLength & 0xFF)]
    let rdata = algorithm + Self.time + size + [1, 2, 3, 4, 0x12, 0x34, 0, 0, 0, 0]
    return owner + [0, 250] + recordClass + [0, 0, 0, 0, 0, UInt8(rdata.count)] + rdata
  }

  private func query(_ trailing: [UInt8], records: UInt16 = 1, hasOpt: Bool = false) -> [UInt8] {
    QueryMessage("web.mesh.internal.", .a).with {
      $0.opt = hasOpt ? [.init()] : []
      $0.counts = [1, 0, 0, records + (hasOpt ? 1 : 0)]
      $0.trailing = trailing
    }.octets
  }

  @Test("is NOTAUTH, with an unsigned TSIG record that says BADKEY, last of all")
  func badKey() throws {
    for hasOpt in [false, true] {
      let reply = try Message(served.reply(to: query(record(), hasOpt: hasOpt)))
      #expect(reply.code.rawValue == 9)
      #expect(reply.answer.isEmpty)
      #expect((reply.opt != nil) == hasOpt)
      let tsig: [UInt8] =
        [1, 0x6B, 0, 0, 250, 0, 255, 0, 0, 0, 0, 0, UInt8(Self.algorithm.count + 16)]
        + Self.algorithm + Self.time + [0, 0, 0x12, 0x34, 0, 17, 0, 0]
      #expect(Array(reply.octets.suffix(tsig.count)) == tsig)
    }
  }

  @Test("a key's name may be compressed")
  func compressed() throws {
    let reply = try Message(served.reply(to: query(record(owner: [1, 0x6B, 0xC0, 16]))))
    #expect(reply.code.rawValue == 9)
    #expect(reply.additional.records.first?.owner.description == "k.mesh.internal.")
  }

  @Test("a TSIG record that is not last, twice, of class IN or cut short is a format error")
  func malformed() throws {
    let other: [UInt8] = [1, 0x61, 0, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 10, 0, 0, 1]
    for octets in [
      query(record() + other, records: 2), query(record() + record(), records: 2),
      query(record(recordClass: [0, 1])), query(Array(record().dropLast())),
      query([0, 0, 250, 0, 255, 0, 0, 0, 0, 0, 2, 0, 0]),
      query(record(owner: [0xC0, 35])), query(record(macLength: 3)), query(record(macLength: 5)),
      query(record(macLength: 0xFFFF)), query(record(algorithm: [0xC0, 12])),
    ] {
      #expect(try Message(served.reply(to: octets)).code == .formatError)
    }
  }

  @Test("where names leave no room for the record, the reply stays within its limit")
  func room() throws {
    let label = [UInt8](repeating: 0x61, count: 63)
    let long = [[63] + label, [63] + label, [63] + label, [61] + label.dropLast(2), [0]].flatMap(
      \.self)
    let rdata = long + Self.time + [0, 0, 0x12, 0x34, 0, 0, 0, 0]
    let tsig =
      long + [0, 250, 0, 255, 0, 0, 0, 0, UInt8(rdata.count >> 8), UInt8(rdata.count & 0xFF)]
      + rdata
    let reply = try Message(served.reply(to: query(tsig)))
    #expect(reply.code.rawValue == 9)
    #expect(reply.length <= 512)
  }
}
