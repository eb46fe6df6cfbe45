// Replies for clients that read them in a way of their own.

import DNSWire
import DNSZone
import TestSupport
import Testing

@Suite("Client profiles")
struct ClientProfileTests {
  private static let client = "10.1.2.3"

  private func responder(
    _ served: ZoneUnderTest, _ profiles: ClientProfile..., for prefix: String = "10.1.0.0/16"
  ) throws -> Responder {
    let prefix = try #require(AddressPrefix(prefix))
    return try responder(served, profiles.map { ProfileRule($0, for: .prefix(prefix)) })
  }

  private func responder(_ served: ZoneUnderTest, _ rules: [ProfileRule]) throws -> Responder {
    var settings = ResponderSettings.underTest
    settings.profiles = rules
    return try #require(Responder(domain: served.domain, settings: settings))
  }

  private func ask(
    _ responder: Responder, _ name: String, _ type: RecordType, from client: String = Self.client,
    listener: Int = 0, isUDP: Bool = false
  ) throws -> Message {
    try Message(
      responder.reply(
        to: QueryMessage(name, type).with { $0.opt = [.init()] }.octets,
        from: try #require(IPAddress(client)).octets, listener: listener, isUDP: isUDP, at: 0))
  }

  /// 60 addresses, of a zone file or registered.
  private func served(areRegistered: Bool) -> ZoneUnderTest {
    areRegistered
      ? RotationTests.served(RotationTests.instances(60))
      : RotationTests.served(RotationTests.addresses(60))
  }

  @Test(
    "musl gets 48 addresses as a complete answer, each as often as the others, each first as often",
    arguments: [false, true])
  func muslAddresses(areRegistered: Bool) throws {
    let responder = try responder(served(areRegistered: areRegistered), .musl)
    var firsts: [String: Int] = [:]
    var counts: [String: Int] = [:]
    for _ in 0..<120 {
      let reply = try ask(responder, "web.mesh.", .a)
      #expect(!reply.isTruncated && reply.answer.values.count == 48)
      firsts[reply.answer.values[0], default: 0] += 1
      for value in reply.answer.values { counts[value, default: 0] += 1 }
    }
    #expect(firsts.count == 60 && firsts.values.allSatisfy { $0 == 2 })
    #expect(counts.count == 60 && counts.values.allSatisfy { $0 == 2 * 48 })
  }

  @Test("an answer that is cut takes no turn for musl either, and says that it is cut")
  func muslTruncation() throws {
    let responder = try responder(served(areRegistered: true), .musl)
    let query = QueryMessage("web.mesh.", .a).octets
    for turn in 0..<6 {
      let cut = try Message(responder.reply(to: query, from: [10, 1, 2, 3], isUDP: true, at: 0))
      #expect(cut.isTruncated)
      let whole = try ask(responder, "web.mesh.", .a)
      #expect(whole.answer.values[0] == "10.0.0.\(turn)" && !whole.isTruncated)
      #expect(cut.answer.values[0] == whole.answer.values[0])
    }
  }

  @Test("musl gets NXDOMAIN for what everybody else is refused, with the reason")
  func muslRefusal() throws {
    let served = served(areRegistered: false)
    let responder = try responder(served, .musl)
    let musl = try ask(responder, "elsewhere.example.", .a)
    #expect(musl.code == .nameError && musl.extendedError == 20 && !musl.isAuthoritative)
    let other = try ask(responder, "elsewhere.example.", .a, from: "10.2.0.1")
    #expect(other.code == .refused && other.extendedError == 20)
    // What is refused of our own names exists.
    #expect(try ask(responder, "mesh.", .axfr).code == .refused)
    // What exists without data stays so: a name error would end the search for it.
    let none = try ask(responder, "web.mesh.", .aaaa)
    #expect(none.code == .noError && none.answer.isEmpty)
  }

  @Test("single: one address, in turn, also behind an alias", arguments: [false, true])
  func single(areRegistered: Bool) throws {
    let responder = try responder(served(areRegistered: areRegistered), .single, .musl)
    for turn in 0..<61 {
      // It fits where the whole set would not.
      let query = QueryMessage("web.mesh.", .a).octets
      let reply = try Message(
        responder.reply(to: query, from: [10, 1, 2, 3], isUDP: true, at: 0))
      #expect(reply.answer.values == ["10.0.0.\(turn % 60)"] && !reply.isTruncated)
    }
    let everybody = try ask(responder, "web.mesh.", .a, from: "192.0.2.1")
    #expect(everybody.answer.values.count == 60)
  }

  @Test("haproxy: weights of SRV records are 256 times as large, or the largest there is")
  func haproxy() throws {
    let served = ZoneUnderTest(
      "mesh.",
      """
      @ SOA ns h 1 2 3 4 5
      @ NS ns
      ns A 192.0.2.1
      web SRV 1 3 80 ns
      alias CNAME web
      """)
    let instances = [(1, 1), (2, 255), (3, 256), (4, 65_535)].map { number, weight in
      ServedInstance("i\(number).app.mesh.", ["10.0.0.\(number)"], weight: UInt16(weight))
    }
    served.zone.publish(instances, at: "app.mesh.")
    let responder = try responder(served, .haproxy)
    let reply = try ask(responder, "app.mesh.", .srv)
    let weights = reply.answer.values.map { $0.split(separator: " ")[1] }
    #expect(Set(weights) == ["256", "65280", "65535"] && weights.count == 4)
    #expect(reply.additional.count == 4)
    #expect(try ask(responder, "web.mesh.", .srv).answer.values == ["1 768 80 ns.mesh."])
    let aliased = try ask(responder, "alias.mesh.", .srv).answer.values
    #expect(aliased == ["web.mesh.", "1 768 80 ns.mesh."])
    let other = try ask(responder, "web.mesh.", .srv, from: "192.0.2.1")
    #expect(other.answer.values == ["1 3 80 ns.mesh."])
  }

  @Test("dnsmasq: RA is set, on errors too; for everybody else it is not")
  func dnsmasq() throws {
    let served = served(areRegistered: true)
    let responder = try responder(served, .dnsmasq)
    for name in ["web.mesh.", "gone.mesh.", "elsewhere.example."] {
      #expect(try ask(responder, name, .a).recursionAvailable)
      #expect(!(try ask(responder, name, .a, from: "192.0.2.1").recursionAvailable))
    }
  }

  @Test("a profile holds for who asks at a listener, whoever it is")
  func listener() throws {
    let responder = try responder(
      served(areRegistered: true), [ProfileRule(.single, for: .listener(1))])
    for client in ["127.0.0.1", "2001:db8::1"] {
      #expect(try ask(responder, "web.mesh.", .a, from: client).answer.values.count == 60)
      let reply = try ask(responder, "web.mesh.", .a, from: client, listener: 1)
      #expect(reply.answer.values.count == 1)
    }
  }

  @Test("an IPv4-mapped client is one of its IPv4 prefix")
  func mapped() throws {
    let responder = try responder(served(areRegistered: true), .single)
    let reply = try ask(responder, "web.mesh.", .a, from: "::ffff:10.1.9.9")
    #expect(reply.answer.values.count == 1)
  }
}
