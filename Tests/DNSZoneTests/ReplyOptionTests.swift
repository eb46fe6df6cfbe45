// Which EDNS options a reply has: NSID, cookies, keepalive, extended errors.

import DNSWire
import DNSZone
import TestSupport
import Testing

@Suite("EDNS options of replies (RFC 5001, 7828, 7873, 8914)")
struct ReplyOptionTests {
  static let longText = (0..<40).map { "\"\(String(repeating: "x", count: 30))\($0)\"" }
    .joined(separator: " ")
  static let zone = """
    @ SOA ns hostmaster 1 7200 900 1209600 60
    @ NS ns
    ns A 192.0.2.53
    web 5 A 10.0.0.1
    many TXT \(longText)
    """
  let served = ZoneUnderTest("mesh.internal.", zone)
  let client: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]

  private func query(
    _ name: String = "web.mesh.internal.", _ type: RecordType = .a, options: [UInt8],
    size: UInt16 = 1232
  ) -> QueryMessage {
    QueryMessage(name, type).with { $0.opt = [.init(udpPayloadSize: size, options: options)] }
  }

  private func required(_ requirement: CookieRequirement) -> Responder? {
    var settings = ResponderSettings.underTest
    settings.cookieRequirement = requirement
    return Responder(domain: served.domain, settings: settings)
  }

  // MARK: NSID

  @Test("who asks for NSID learns the server's identifier, on every kind of reply")
  func nsid() throws {
    for name in ["web.mesh.internal.", "none.mesh.internal.", "elsewhere."] {
      let reply = try served.ask(query(name, options: [0, 3, 0, 0]))
      #expect(reply.opt?.options.first == .init(code: 3, data: Array("unit-7".utf8)))
    }
  }

  @Test("a server without an identifier leaves NSID out")
  func noServerID() throws {
    let settings = ResponderSettings(version: nil, serverID: nil)
    let silent = ZoneUnderTest("mesh.internal.", Self.zone, settings: settings)
    #expect(try silent.ask(query(options: [0, 3, 0, 0])).opt?.options == [])
  }

  // MARK: Cookies

  @Test("a client's cookie comes back with a server's of 16 octets behind it")
  func cookie() throws {
    let reply = try served.ask(query(options: [0, 10, 0, 8] + client))
    let option = try #require(reply.opt?.options.first)
    #expect(option.code == 10)
    #expect(option.data.count == 24)
    #expect(Array(option.data.prefix(8)) == client)
    #expect(reply.code == .noError)
    #expect(reply.answer == "web.mesh.internal. 5 IN A 10.0.0.1")
  }

  @Test("a wrong or old server cookie is answered as none is, with a good one (RFC 7873 5.2.4)")
  func wrongCookie() throws {
    for length in [8, 16, 32] {
      let wrong = client + [UInt8](repeating: 9, count: length)
      let reply = try served.ask(query(options: [0, 10, 0, UInt8(wrong.count)] + wrong))
      #expect(reply.code == .noError)
      #expect(reply.opt?.options.first?.data.count == 24)
      #expect(reply.answer.count == 1)
    }
  }

  @Test("a cookie of an impossible length is a format error (RFC 7873 section 5.2.2)")
  func cookieLengths() throws {
    for length in 0...45 {
      let options = [0, 10, 0, UInt8(length)] + [UInt8](repeating: 7, count: length)
      let isPossible = length == 8 || (16...40).contains(length)
      let reply = try served.ask(query(options: options))
      #expect(reply.code == (isPossible ? .noError : .formatError))
      #expect(reply.opt != nil)
    }
  }

  @Test("of several cookies only the first counts (RFC 7873 section 5.2)")
  func severalCookies() throws {
    let good = [0, 10, 0, 8] + client
    let first = try served.ask(query(options: good + [0, 10, 0, 1, 9]))
    #expect(first.code == .noError)
    #expect(first.opt?.options.count == 1)
    let malformed = try served.ask(query(options: [0, 10, 0, 0] + good))
    #expect(malformed.code == .formatError)
    #expect(malformed.opt?.options == [])
  }

  @Test("a query without a question gets a cookie and no answer (RFC 7873 section 5.4)")
  func cookieOnly() throws {
    let options = [0, 10, 0, 8] + client
    var octets = query(options: options).octets
    octets.removeSubrange(12..<12 + query(options: []).question.count)
    octets[5] = 0
    let reply = try Message(served.reply(to: octets))
    #expect(reply.code == .noError)
    #expect(reply.question == nil)
    #expect(reply.opt?.options.first?.data.count == 24)
    // A server cookie is judged.
    let cookie = try #require(reply.opt?.options.first?.data)
    for (data, code) in [(cookie, ResponseCode.noError), (cookie.reversed(), .badCookie)] {
      var judged = query(options: [0, 10, 0, 24] + data).octets
      judged.removeSubrange(12..<12 + query(options: []).question.count)
      judged[5] = 0
      #expect(try Message(served.reply(to: judged)).code == code)
    }
    // Without a cookie it asks for nothing at all.
    octets[octets.count - 11] = 99
    #expect(try Message(served.reply(to: octets)).code == .formatError)
  }

  @Test("where cookies are required, UDP wants a good one and TCP none")
  func requiredCookies() throws {
    let responder = try #require(required(.always))
    func ask(_ query: QueryMessage, isUDP: Bool = true) throws -> Message {
      try Message(responder.reply(to: query.octets, isUDP: isUDP, at: 0, wallSeconds: 50))
    }
    let bare = try ask(QueryMessage("web.mesh.internal.", .a))
    #expect(bare.isTruncated && bare.answer.isEmpty && bare.code == .noError)
    #expect(try ask(QueryMessage("web.mesh.internal.", .a), isUDP: false).answer.count == 1)

    let first = try ask(query(options: [0, 10, 0, 8] + client))
    #expect(first.code == .badCookie)
    #expect(first.flags & 0xF == 7)
    #expect(first.answer.isEmpty && !first.isTruncated)
    let cookie = try #require(first.opt?.options.first?.data)
    let second = try ask(query(options: [0, 10, 0, 24] + cookie))
    #expect(second.code == .noError)
    #expect(second.answer.count == 1)

    let elsewhere = try Message(
      responder.reply(
        to: query(options: [0, 10, 0, 24] + cookie).octets, from: [127, 0, 0, 2], isUDP: true,
        at: 0, wallSeconds: 50))
    #expect(elsewhere.code == .badCookie)
  }

  @Test("under load means: only while more waits than one reception takes")
  func requiredUnderLoad() throws {
    let responder = try #require(required(.underLoad))
    for isUnderLoad in [false, true, false] {
      let reply = try Message(
        responder.reply(
          to: QueryMessage("web.mesh.internal.", .a).octets, isUDP: true, at: 0,
          isUnderLoad: isUnderLoad))
      #expect(reply.isTruncated == isUnderLoad)
      #expect(reply.answer.isEmpty == isUnderLoad)
    }
  }

  // MARK: Keepalive

  @Test("over TCP the idle time is told in tenths of a second; over UDP the option is ignored")
  func keepalive() throws {
    let query = query(options: [0, 11, 0, 0])
    let overTCP = try served.ask(query, isUDP: false)
    #expect(overTCP.opt?.options == [.init(code: 11, data: [0, 100])])
    #expect(try served.ask(query).opt?.options == [])
  }

  // MARK: Extended errors

  @Test("what is refused says why (RFC 8914 sections 4.21 and 4.22)")
  func extendedErrors() throws {
    #expect(try served.ask("elsewhere.", .a).extendedError == 20)
    for type in [RecordType.axfr, .ixfr, .maila, .mailb] {
      #expect(try served.ask("mesh.internal.", type).extendedError == 21)
    }
    let hesiod = query(options: []).with { $0.recordClass = RecordClass(rawValue: 4) }
    #expect(try served.ask(hesiod).extendedError == 21)
    #expect(try served.ask("none.mesh.internal.", .a).extendedError == nil)
  }

  // MARK: Room

  @Test("options never make a reply longer than the client takes")
  func room() throws {
    let options = [0, 3, 0, 0, 0, 10, 0, 8] + client
    for size: UInt16 in [0, 512, 600, 1232] {
      let reply = try served.ask(
        query("many.mesh.internal.", .txt, options: options, size: size))
      #expect(reply.length <= max(512, Int(size)))
      #expect(reply.opt?.options.map(\.code) == [10, 3])
      #expect(reply.isTruncated)
    }
  }

  @Test("another EDNS version's options are not looked at (RFC 6891 section 6.1.3)")
  func otherVersion() throws {
    for options in [[0, 3, 0, 0, 0, 10, 0, 8] + client, [0, 10, 0, 1, 9], [1, 2, 3]] {
      let query = QueryMessage("web.mesh.internal.", .a).with {
        $0.opt = [.init(version: 1, options: options)]
      }
      let reply = try served.ask(query)
      #expect(reply.code == .badVersion)
      #expect(reply.opt?.options == [])
    }
  }
}
