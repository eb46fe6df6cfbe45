// That the properties can be broken: each is shown something that breaks it.

import DNSWire
import FuzzTargets
import TestSupport
import Testing

@Suite("Fuzzed properties")
struct PropertyTests {
  private let served = ZoneUnderTest(
    "example.", "@ SOA ns h 1 2 3 4 5\n@ NS ns\nweb A 192.0.2.1\nweb A 192.0.2.2")
  private let query = QueryMessage("web.example.", .a).with { $0.opt = [.init()] }.octets

  /// What is wrong with the reply to ``query`` after a change of the reply.
  private func violation(_ change: (inout [UInt8]) -> Void) -> String? {
    var reply = served.reply(to: query)
    change(&reply)
    do throws(Violation) {
      _ = try ReplyCheck.read(reply, to: query, isUDP: true)
      return nil
    } catch {
      return error.description
    }
  }

  @Test func `a sound reply breaks no property`() {
    #expect(violation { _ in } == nil)
  }

  @Test("a reply that is damaged breaks one")
  func damaged() {
    #expect(violation { $0 = [] } == "no reply to a query")
    #expect(violation { $0.removeLast() }?.hasPrefix("the reply cannot be read") == true)
    #expect(violation { $0[0] ^= 1 } == "the reply has another id")
    #expect(violation { $0[2] &= 0x7F } == "QR is clear")
    #expect(violation { $0[2] |= 1 } == "opcode or RD is another")
    #expect(violation { $0[3] |= 0x80 } == "RA, Z, AD or CD is set")
    #expect(violation { $0[13] ^= 0x20 }?.hasPrefix("the question is another") == true)
    // The last octets of the first record's TTL and of both addresses.
    #expect(violation { $0[12 + 17 + 9] ^= 1 }?.hasSuffix("has two TTLs") == true)
    #expect(
      violation { $0[12 + 17 + 15] = $0[12 + 17 + 31] }?.hasSuffix("has a record twice") == true)
  }

  @Test("so does one without the OPT record that has to be there, and one that is too long")
  func opt() {
    let isMissing = violation { reply in
      reply[11] = 0
      reply.removeLast(11)
    }
    #expect(isMissing == "NOERROR without an OPT record, but one came")
    // Only an extended error may come unasked.
    let length: [UInt8] = [0x04, 0xB0]
    let long = QueryMessage.OptRecord(
      options: [0, 15] + length + [UInt8](repeating: 0, count: 1200))
    #expect(
      violation { $0.replaceSubrange(($0.count - 11)..., with: long.octets) }
        == "1276 octets, the limit is 1232")
  }
}
