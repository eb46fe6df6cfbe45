// Which OPT records are taken.

import DNSWire
import TestSupport
import Testing

@Suite("The OPT record of a query (RFC 6891 section 6.1)")
struct EDNSQueryTests {
  let query = QueryMessage("web.mesh.internal.", .a)

  private func taken(_ octets: [UInt8]) -> EDNS? {
    guard case .query(let query) = Query.check(octets.span) else { return nil }
    return query.edns
  }

  private func with(_ change: (inout QueryMessage.OptRecord) -> Void) -> [UInt8] {
    var opt = QueryMessage.OptRecord()
    change(&opt)
    return query.with { $0.opt = [opt] }.octets
  }

  @Test("size, version and DO are read as sent")
  func fields() throws {
    for size: UInt16 in [0, 511, 512, 1232, 65_535] {
      for version: UInt8 in [0, 1, 255] {
        for flags: UInt16 in [0, 0x8000, 0x7FFF, 0xFFFF] {
          let octets = with {
            $0.udpPayloadSize = size
            $0.version = version
            $0.flags = flags
          }
          let edns = try #require(taken(octets))
          #expect(edns.udpPayloadSize == size)
          #expect(edns.version == version)
          #expect(edns.dnssecOK == (flags & 0x8000 != 0))
        }
      }
    }
    #expect(taken(query.octets) == nil)
  }

  @Test("unknown options are stepped over, empty ones too (RFC 6891 section 6.1.2)")
  func unknownOptions() {
    #expect(taken(with { $0.options = [0xFF, 0xFE, 0, 3, 1, 2, 3] }) != nil)
    #expect(taken(with { $0.options = [0, 99, 0, 0, 0, 3, 0, 0] }) != nil)
    #expect(taken(with { $0.options = [0, 99, 4, 0] + [UInt8](repeating: 7, count: 1024) }) != nil)
  }

  @Test("options that do not fill RDATA exactly are a format error")
  func malformedOptions() {
    let bad: [[UInt8]] = [
      [0], [0, 3], [0, 3, 0], [0, 3, 0, 1], [0, 3, 0, 2, 9], [0, 3, 0, 0, 1], [0, 3, 0xFF, 0xFF],
    ]
    for options in bad {
      #expect(Verdict(with { $0.options = options }) == .error(.formatError), "\(options)")
    }
  }

  @Test("an OPT record that ends early is a format error, wherever it ends")
  func truncated() {
    let whole = with { $0.options = [0, 3, 0, 2, 1, 2] }
    for length in query.octets.count..<whole.count {
      #expect(Verdict(Array(whole.prefix(length))) == .error(.formatError))
    }
    #expect(Verdict(with { $0.claimedLength = 1 }) == .error(.formatError))
    #expect(Verdict(with { $0.claimedLength = 0xFFFF }) == .error(.formatError))
  }

  @Test("two OPT records are a format error (RFC 6891 section 6.1.1)")
  func twice() {
    let twice = query.with { $0.opt = [QueryMessage.OptRecord(), QueryMessage.OptRecord()] }
    #expect(Verdict(twice.octets) == .error(.formatError))
  }

  @Test("an OPT record with an owner other than the root is a format error")
  func owner() {
    for owner: [UInt8] in [[1, 0x61, 0], [0xC0, 12], [0xC0, 30]] {
      #expect(Verdict(with { $0.owner = owner }) == .error(.formatError))
    }
  }

  @Test("octets after the OPT record are ignored")
  func trailing() {
    let octets = query.with {
      $0.opt = [.init()]
      $0.trailing = [0, 0, 41]
    }.octets
    #expect(taken(octets) != nil)
  }

  @Test("an OPT record is seen also beside an IXFR question's SOA (RFC 1995 section 3)")
  func incrementalTransfer() {
    let soa: [UInt8] = [0, 0, 6, 0, 1, 0, 0, 0, 0, 0, 22, 0, 0] + [UInt8](repeating: 1, count: 20)
    let octets = QueryMessage("mesh.internal.", .ixfr).with {
      $0.counts = [1, 0, 1, 1]
      $0.middle = soa
      $0.opt = [.init()]
    }.octets
    #expect(taken(octets)?.udpPayloadSize == 1232)
    let bare = QueryMessage("mesh.internal.", .ixfr).with { $0.opt = [.init()] }.octets
    #expect(taken(bare)?.udpPayloadSize == 1232)
  }

  @Test("an OPT record is found anywhere in the additional section (RFC 6891 section 6.1.1)")
  func place() {
    let other: [UInt8] = [1, 0x61, 0, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 10, 0, 0, 1]
    let before = query.with {
      $0.counts = [1, 0, 0, 2]
      $0.middle = other
      $0.opt = [.init()]
    }
    let after = query.with {
      $0.counts = [1, 0, 0, 2]
      $0.opt = [.init()]
      $0.trailing = other
    }
    #expect(taken(before.octets)?.udpPayloadSize == 1232)
    #expect(taken(after.octets)?.udpPayloadSize == 1232)
  }

  @Test("a record in the additional section that ends early is a format error")
  func truncatedRecord() {
    let record: [UInt8] = [1, 0x61, 0, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 10, 0, 0, 1]
    for length in 0..<record.count {
      let octets = query.with {
        $0.counts = [1, 0, 0, 1]
        $0.middle = Array(record.prefix(length))
      }.octets
      #expect(Verdict(octets) == .error(.formatError), "\(length) octets of it")
    }
  }

  @Test("an OPT record in the answer or authority section is a format error")
  func otherSection() {
    for counts: [UInt16] in [[1, 1, 0, 0], [1, 0, 1, 0]] {
      let octets = query.with {
        $0.counts = counts
        $0.opt = [.init()]
      }.octets
      #expect(Verdict(octets) == .error(.formatError))
    }
  }
}
