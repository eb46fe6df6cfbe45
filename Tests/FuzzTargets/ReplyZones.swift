// The zones that fuzzed queries are answered from: each feature at least once.

import DNSWire
import DNSZone
import TestSupport

/// Static zones from text, and instances of registered services.
///
/// `Tests/Corpus/reply` asks for these names; whoever adds a feature adds a name and a query.
struct ReplyZones {
  private static let origins: [(origin: String, text: String)] = [
    ("mesh.internal.", staticRecords + chain + glue + large),
    // A zone below another one, with a delegation above it.
    ("sub.mesh.internal.", "@ 60 SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.2\n* TXT nested"),
    ("example.", "@ SOA ns.mesh.internal. h. 1 2 3 4 5\n@ NS ns.mesh.internal.\nx.new MX 1 @"),
  ]

  private let zones = origins.map { origin, text in
    let apex = ZoneUnderTest.name(origin)
    return (apex: apex, records: ZoneText(text, origin: apex).records)
  }

  /// A domain in which all is published and no turn is taken.
  func publish() -> ZoneDomain {
    let domain = ZoneDomain(seed: 0x5EED)
    for (apex, records) in zones {
      let zone = Zone(apex: apex, records: records, in: domain, negativeTTLLimit: 1)
      domain.publish([zone])
      guard apex == zones[0].apex else { continue }
      Self.publishInstances(in: zone)
      zone.pin(ZoneUnderTest.name("gone.tag.web.mesh.internal."))
    }
    domain.publish([.broken(apex: ZoneUnderTest.name("broken.mesh.internal."), in: domain)])
    return domain
  }

  // MARK: Static records

  private static let staticRecords = """
    @ 3600 SOA ns hostmaster 1 7200 900 1209600 60
    @ NS ns
    @ NS ns.elsewhere.
    ns A 192.0.2.53
    ns AAAA 2001:db8::53
    host 300 A 192.0.2.1
    host 300 AAAA 2001:db8::1
    mx MX 10 host
    mx MX 20 NS.mesh.internal.
    mx MX 30 host.elsewhere.
    _static._tcp SRV 0 0 80 host
    _static._tcp SRV 0 0 81 web
    h TYPE65 \\# 22 0001 04686f7374046d65736808696e7465726e616c00
    own TYPE65 \\# 10 0001 00 0001 0003 026832
    own A 192.0.2.3
    other TYPE65 \\# 19 0000 0168046d65736808696e7465726e616c00
    mxw MX 10 x.w
    s TYPE64 \\# 4 000100 00
    unknown TYPE65280 \\# 4 DEADBEEF
    alias CNAME web
    abroad CNAME www.elsewhere.
    toBroken CNAME x.broken
    toCut CNAME x.cut
    toNested CNAME x.sub
    toCrowd CNAME crowd
    toNothing CNAME nothing
    loop CNAME pool
    pool CNAME loop
    old DNAME new.example.
    self DNAME x.self
    both DNAME host
    both TXT "beside a DNAME"
    wide DNAME \(String(repeating: "label.", count: 40))
    * 30 TXT "any name"
    *.w A 192.0.2.7
    below.w TXT "below"
    *.wa CNAME web
    *.wn NS ns.elsewhere.
    *.ws SRV 0 0 80 host
    a.b.ent TXT "below an empty non-terminal"
    cut NS ns.cut
    cut NS ns.elsewhere.
    cut TYPE43 \\# 8 0001080200112233
    ns.cut A 192.0.2.9
    x.cut A 192.0.2.10
    sub NS ns.sub
    ns.sub A 192.0.2.2
    broken NS ns.broken
    \(String(repeating: "x.", count: 119))x TXT "as long as can be"

    """

  /// More aliases than are followed in one reply.
  private static let chain = (0..<20).map { "c\($0) CNAME c\($0 + 1)\n" }.joined()

  /// A delegation whose glue does not fit 512 octets.
  private static let glue = (0..<16).map {
    "far NS n\($0).far\nn\($0).far A 192.0.2.\($0)\nn\($0).far AAAA 2001:db8::\($0)\n"
  }.joined()

  /// RRsets that fit no UDP message, and one that fits no TCP message either.
  private static let large =
    (0..<100).map { "many A 10.1.0.\($0)\n" }.joined()
    + (0..<40).map { "manymx MX \($0) host\($0 % 3)\nhost\($0) A 10.2.0.\($0)\n" }.joined()
    + (0..<265).map { "huge TXT \"\(String(repeating: "text ", count: 49))\($0)\"\n" }.joined()

  // MARK: Registered services

  private static let second: BootTime = 1_000_000_000

  /// Leases end at different times, so that an answer has fewer and fewer instances; an address
  /// that two instances have stays until the later end.
  private static func publishInstances(in zone: Zone) {
    let weights: [UInt16] = [1, 2, 3, 65_535]
    let web = (0..<4).map { number in
      var instance = ServedInstance(
        "I\(number).web.mesh.internal.", ["10.0.0.\(number)", "fd00::\(number % 2)"],
        weight: weights[number], leaseEnd: BootTime(3 + 2 * number) * second)
      instance.text = "version=\(number)"
      return instance
    }
    let blocks = zone.publish(web, at: "web.mesh.internal.")
    zone.publishPort(8080, of: blocks, at: "_web._tcp.mesh.internal.")
    zone.publishPort(50_051, of: blocks, at: "_grpc._tcp.web.mesh.internal.")
    zone.publish(
      [ServedInstance("i.gone.mesh.internal.", ["10.0.0.9"], leaseEnd: 0)],
      at: "gone.mesh.internal.")
    zone.publish(
      [ServedInstance("i.any.mesh.internal.", ["10.0.0.9"], leaseEnd: 5 * second)],
      at: "*.any.mesh.internal.")
    zone.publish(
      (0..<16).map { ServedInstance("i\($0).same.mesh.internal.", ["10.0.0.7", "fd00::7"]) },
      at: "same.mesh.internal.")
    let addresses = (0..<8).flatMap { ["10.4.0.\($0)", "fd04::\($0)"] }
    zone.publish(
      [ServedInstance("multi.host.web.mesh.internal.", addresses, leaseEnd: 8 * second)],
      at: "host.web.mesh.internal.")
    zone.publish(
      (0..<400).map {
        ServedInstance(
          "instance-\($0).crowd.mesh.internal.", ["10.3.0.\($0 % 256)"],
          leaseEnd: $0 % 8 == 0 ? .never : BootTime($0 % 8) * second)
      }, at: "crowd.mesh.internal.")
  }
}
