// How large a reply may be, and what happens when it would be larger.

import DNSWire
import DNSZone
import TestSupport
import Testing

@Suite("Size of replies (RFC 1035 section 4.2.1, RFC 2181 section 9, RFC 6891 section 6.2.5)")
struct TruncationTests {
  /// A zone with `count` A records at a name of exactly `nameLength` octets.
  private func zone(count: Int, nameLength: Int) -> (ZoneUnderTest, String) {
    let name = String(repeating: "n", count: nameLength - 6) + ".mesh."
    precondition(ZoneUnderTest.name(name).wire.count == nameLength + 1)
    let addresses = (0..<count).map { "\(name) 5 A 10.0.\($0 / 256).\($0 % 256)" }
    return (
      ZoneUnderTest(
        "mesh.",
        "@ SOA ns h 1 2 3 4 5\n@ NS ns.elsewhere.\n" + addresses.joined(separator: "\n")), name
    )
  }

  @Test("512 octets without EDNS: an answer of exactly 512 is whole, of 513 is cut")
  func withoutEDNS() throws {
    // 12 for the header, 4 for type and class, 16 for each of 29 records; 32 are left.
    let (fitting, name) = zone(count: 29, nameLength: 31)
    let whole = try fitting.ask(name, .a, over: .udp)
    #expect(whole.length == 512)
    #expect(!whole.isTruncated)
    #expect(whole.answer.count == 29)
    let (large, longName) = zone(count: 29, nameLength: 32)
    let cut = try large.ask(longName, .a, over: .udp)
    #expect(cut.isTruncated)
    #expect(cut.isAuthoritative)
    #expect(cut.answer.count == 28)
    #expect(cut.length == 513 - 16)
  }

  @Test("1,232 octets at most with EDNS, the OPT record counted")
  func withEDNS() throws {
    let (fitting, name) = zone(count: 73, nameLength: 36)
    for size: UInt16 in [1232, 1233, 4096, 65_535] {
      let whole = try fitting.ask(name, .a, over: .edns(size))
      #expect(whole.length == 1232)
      #expect(!whole.isTruncated)
      #expect(whole.answer.count == 73)
    }
    #expect(try fitting.ask(name, .a, over: .edns(1231)).isTruncated)
    let (large, longName) = zone(count: 73, nameLength: 37)
    let cut = try large.ask(longName, .a, over: .edns(65_535))
    #expect(cut.isTruncated)
    #expect(cut.answer.count == 72)
    #expect(cut.opt != nil)
  }

  @Test("a client's size below 512 means 512 (RFC 6891 section 6.2.3)")
  func smallSizes() throws {
    let (served, name) = zone(count: 28, nameLength: 36)
    for size: UInt16 in [0, 1, 100, 511, 512] {
      let reply = try served.ask(name, .a, over: .edns(size))
      #expect(reply.length == 12 + 41 + 28 * 16 + 11)
      #expect(reply.length == 512)
      #expect(!reply.isTruncated)
    }
    let (large, longName) = zone(count: 28, nameLength: 37)
    for size: UInt16 in [0, 511, 512] {
      let reply = try large.ask(longName, .a, over: .edns(size))
      #expect(reply.isTruncated)
      #expect(reply.answer.count == 27)
    }
  }

  @Test("the server's size can be set")
  func serverSize() throws {
    var settings = ResponderSettings.underTest
    settings.udpPayloadSize = 4096
    let addresses = (0..<200).map { "web 5 A 10.0.0.\($0)" }.joined(separator: "\n")
    let served = ZoneUnderTest(
      "mesh.", "@ SOA ns h 1 2 3 4 5\n@ NS ns.elsewhere.\n" + addresses, settings: settings)
    let reply = try served.ask("web.mesh.", .a, over: .edns(4096))
    #expect(reply.answer.count == 200)
    #expect(reply.opt?.udpPayloadSize == 4096)
    #expect(try served.ask("web.mesh.", .a, over: .edns(1232)).isTruncated)
  }

  static let varied = """
    @ SOA ns h 1 2 3 4 5
    @ NS ns.elsewhere.
    alias CNAME txt
    toregistered CNAME registered
    """
    + (0..<20).map { number in
      """

      addresses 5 A 10.0.0.\(number)
      txt TXT "\(String(repeating: "x", count: 30))\(number / 10)\(number % 10)"
      mail MX 10 m\(number / 10)\(number % 10)
      _s._tcp SRV 1 2 3 target\(number / 10)\(number % 10)
      *.wild 5 A 10.0.1.\(number)
      """
    }.joined()

  /// As many at `registered` as the static RRsets have records.
  static func publishInstances(_ count: Int = 20, in zone: Zone) {
    zone.publish(
      (0..<count).map {
        ServedInstance("i\($0 / 10)\($0 % 10).registered.mesh.", ["10.0.2.\($0)"], weight: 3)
      }, at: "registered.mesh.")
  }

  @Test(
    "at every size: TC exactly when the answer does not fit, and then as many records as fit",
    arguments: [
      ("addresses.mesh.", RecordType.a), ("txt.mesh.", .txt), ("mail.mesh.", .mx),
      ("_s._tcp.mesh.", .srv), ("alias.mesh.", .txt), ("x.wild.mesh.", .a),
      ("registered.mesh.", .a), ("registered.mesh.", .srv), ("toregistered.mesh.", .srv),
    ])
  func everySize(name: String, type: RecordType) throws {
    let served = ZoneUnderTest("mesh.", Self.varied)
    Self.publishInstances(in: served.zone)
    let whole = try served.ask(name, type, over: .tcp)
    #expect(!whole.isTruncated)
    #expect(whole.answer.count == (whole.answer.records[0].type == .cname ? 21 : 20))
    for size in UInt16(512)...1232 {
      let reply = try served.ask(name, type, over: .edns(size))
      let room = Int(size) - 11
      #expect(reply.length <= Int(size))
      #expect(reply.isTruncated == (whole.answerEnds.last! > room))
      #expect(reply.answer.count == whole.answerEnds.prefix { $0 <= room }.count)
      #expect(reply.answer.distinctLines.isSubset(of: whole.answer.distinctLines))
      #expect(reply.answer.distinctLines.count == reply.answer.count)
      #expect(reply.opt != nil)
    }
    let small = try served.ask(name, type, over: .udp)
    #expect(small.isTruncated == (whole.answerEnds.last! > 512))
    #expect(small.answer.count == whole.answerEnds.prefix { $0 <= 512 }.count)
  }

  @Test("a cut answer has no additional records but the OPT record")
  func cutWithoutAdditional() throws {
    let served = ZoneUnderTest("mesh.", Self.varied)
    Self.publishInstances(in: served.zone)
    for name in ["registered.mesh.", "toregistered.mesh."] {
      #expect(try served.ask(name, .srv, over: .udp).isTruncated)
      #expect(try served.ask(name, .srv, over: .udp).additional.isEmpty)
      #expect(try served.ask(name, .srv, over: .tcp).additional.count == 20)
    }
    #expect(try served.ask("_s._tcp.mesh.", .srv, over: .udp).additional.isEmpty)
  }

  @Test(
    "a cut answer shows the coming turn without taking it",
    arguments: [
      ("addresses.mesh.", RecordType.a), ("x.wild.mesh.", .a), ("alias.mesh.", .a),
      ("mail.mesh.", .mx), ("registered.mesh.", .a), ("registered.mesh.", .srv),
      ("toregistered.mesh.", .a),
    ])
  func cutTakesNoTurn(name: String, type: RecordType) throws {
    let records = (0..<40).map { number in
      """
      addresses 5 A 10.0.0.\(number)
      *.wild 5 A 10.0.1.\(number)
      mail MX 10 m\(1000 + number).elsewhere.
      """
    }
    let served = ZoneUnderTest(
      "mesh.",
      """
      @ SOA ns h 1 2 3 4 5
      @ NS ns.elsewhere.
      alias CNAME addresses
      toregistered CNAME registered

      """ + records.joined(separator: "\n"))
    Self.publishInstances(40, in: served.zone)
    var firsts: Set<String> = []
    for _ in 0..<40 {
      let cut = try served.ask(name, type, over: .udp)
      let again = try served.ask(name, type, over: .udp)
      let whole = try served.ask(name, type, over: .tcp)
      #expect(cut.isTruncated && again.isTruncated && !whole.isTruncated)
      #expect(cut.answer.lines == again.answer.lines)
      #expect(Array(whole.answer.lines.prefix(cut.answer.count)) == cut.answer.lines)
      firsts.insert(whole.answer.values[whole.answer.records[0].type == .cname ? 1 : 0])
    }
    #expect(firsts.count == 40)
  }

  @Test("TCP carries 65,535 octets, and says so when that is not enough")
  func tcpLimit() throws {
    // 12 for the header, 4 for type and class, 109 records of 12 and 589; 10 are left.
    let records = (0..<109).map { number in
      let rdata = "\(1000 + number)" + String(repeating: "00", count: 587)
      return "* TYPE65280 \\# 589 \(rdata)"
    }
    let served = ZoneUnderTest(
      "mesh.", "@ SOA ns h 1 2 3 4 5\n@ NS ns.elsewhere.\n" + records.joined(separator: "\n"))
    let type = RecordType(rawValue: 65_280)
    let fitting = try served.ask("xyz.mesh.", type, over: .tcp)
    #expect(fitting.length == 65_535)
    #expect(fitting.answer.count == 109)
    #expect(!fitting.isTruncated)
    let cut = try served.ask("wxyz.mesh.", type, over: .tcp)
    #expect(cut.isTruncated)
    #expect(cut.answer.count == 108)
  }
}
