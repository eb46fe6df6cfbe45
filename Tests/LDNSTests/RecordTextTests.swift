// Records as lines of a master file.

import DNSWire
import Testing

@testable import LDNS

@Suite("Records as text")
struct RecordTextTests {
  @Test(
    "what is written is read as the same record",
    arguments: [
      "w A 192.0.2.1", "w 0 AAAA 2001:db8::1", "@ MX 10 mail", "x.y 2147483647 CNAME @",
      #"t TXT "a b" "" "\"\\;(" "\000\255""#, "s SRV 1 2 65535 t", "d DNAME example.net.",
      #"c CAA 0 issue "ca.example; a=b""#, #"v SVCB 1 . alpn="h2,h3" port=53"#,
      "v HTTPS 1 svc.example.net. ipv4hint=192.0.2.1", "k DS 1 8 2 aabbcc", "a APL 1:10.0.0.0/8",
      "a APL", ##"u TYPE65280 \# 4 0A000001"##, ##"u TYPE65280 \# 0"##, ##"n NULL \# 1 2a"##,
      ##"A TYPE1 \# 4 0A000001"##, #"h HINFO "A B" "c""#,
      "l LOC 52 22 23 N 4 53 32 E -2m 0m 10000m 10m",
      #"n NAPTR 100 50 "s" "http+E2U" "" _http._tcp"#, "f SSHFP 1 1 aabbcc", "t TLSA 3 1 1 aabbcc",
      "k DNSKEY 256 3 8 AwEAAag=", "n NSEC host A MX TYPE1234", "p PTR 1.w", "r RP admin txt",
      #"a\.b A 192.0.2.1"#, #"\@ A 192.0.2.1"#, #"\$TTL A 192.0.2.1"#, #"a\"b\;c A 192.0.2.1"#,
      #"\000\127\032 A 192.0.2.1"#, #"w CNAME a\.b\@\(c.x"#, "*.w A 192.0.2.1",
      "WwW NS Ns.eXample.",
    ])
  func roundTrip(line: String) throws {
    let record = try #require(try records(line + "\n").first)
    let text = record.masterFileLine
    #expect(!text.contains("\n"))
    let again = try #require(try records(text + "\n").first, "\(text)")
    #expect(again.owner.wire == record.owner.wire, "\(text)")
    #expect((again.type, again.ttl, again.rdata) == (record.type, record.ttl, record.rdata))
  }

  @Test func `the usual types are written as people write them`() throws {
    let lines = try records(
      "w 5 A 192.0.2.1\ns 60 SRV 1 2 80 w\nt 5 TXT \"a b\"\nc CAA 0 issue \"x\"\n"
    )
    .map(\.masterFileLine)
    #expect(
      lines == [
        "w.example.org.\t5\tIN\tA\t192.0.2.1",
        "s.example.org.\t60\tIN\tSRV\t1 2 80 w.example.org.",
        "t.example.org.\t5\tIN\tTXT\t\"a b\"",
        "c.example.org.\t300\tIN\tCAA\t0 issue \"x\"",
      ])
  }

  @Test(
    "RDATA that is not as its type wants it is written as octets",
    arguments: [(RecordType.a, [1, 2, 3], "TYPE1\t\\# 3 010203"), (.srv, [0], "TYPE33\t\\# 1 00")]
      as [(RecordType, [UInt8], String)])
  func malformed(type: RecordType, rdata: [UInt8], text: String) throws {
    let record = ResourceRecord(owner: .root, type: type, ttl: 5, rdata: rdata)
    #expect(record.masterFileLine == ".\t5\tIN\t\(text)")
  }
}
