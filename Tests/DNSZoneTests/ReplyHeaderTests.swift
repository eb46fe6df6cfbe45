// What every reply has: id, flags, question, OPT record.

import DNSWire
import DNSZone
import TestSupport
import Testing

@Suite("Header, question and OPT record of replies (RFC 1035 section 4.1, RFC 6891)")
struct ReplyHeaderTests {
  let served = ZoneUnderTest(
    "mesh.internal.",
    """
    @ SOA ns hostmaster 1 7200 900 1209600 60
    @ NS ns
    ns A 192.0.2.53
    web 5 A 10.0.0.1
    alias CNAME web
    cut NS ns.elsewhere.
    """)
  /// One name for each kind of reply.
  static let names = [
    "web.mesh.internal.", "alias.mesh.internal.", "none.mesh.internal.", "a.cut.mesh.internal.",
    "mesh.internal.", "other.", ".",
  ]

  @Test("id, opcode and RD are copied; RA, Z, AD and CD are clear", arguments: names)
  func copiedBits(name: String) throws {
    for id: UInt16 in [0, 1, 0x1234, 0xFFFF] {
      for flags: UInt16 in [0, 0x0100, 0x0010, 0x0020, 0x0040, 0x0080, 0x0600, 0x07FF, 0x000F] {
        let reply = try served.ask(
          QueryMessage(name, .a).with {
            $0.id = id
            $0.flags = flags
          })
        #expect(reply.id == id)
        #expect(reply.isResponse)
        #expect(reply.opcode == 0)
        #expect(reply.recursionDesired == (flags & 0x0100 != 0))
        #expect(!reply.recursionAvailable)
        #expect(reply.reservedBits == 0)
      }
    }
  }

  @Test("the question comes back byte for byte, its case too (RFC 4343 section 4.1)")
  func question() throws {
    for name in Self.names + ["WeB.mEsH.InTeRnAl.", "NoNe.MESH.internal.", "A.Cut.Mesh.INTERNAL."] {
      for type in [RecordType.a, .any, .ds, .axfr, RecordType(rawValue: 65_280)] {
        for edns in [[], [QueryMessage.OptRecord()]] {
          let query = QueryMessage(name, type).with { $0.opt = edns }
          #expect(try served.ask(query).question?.octets == query.question)
        }
      }
    }
  }

  @Test("an OPT record comes back exactly when one came", arguments: names)
  func optPresence(name: String) throws {
    for type in [RecordType.a, .any, .ds, .axfr, .ixfr, .mailb, RecordType(rawValue: 65_280)] {
      for recordClass in [RecordClass.in, .chaos, .any] {
        var query = QueryMessage(name, type).with { $0.recordClass = recordClass }
        #expect(try served.ask(query).opt == nil)
        query.opt = [QueryMessage.OptRecord()]
        #expect(try served.ask(query).opt != nil, "\(name) \(type) \(recordClass)")
      }
    }
  }

  @Test("DO is copied, other EDNS flags are not, the size is ours (RFC 3225, RFC 6891 section 6.1)")
  func optFields() throws {
    for flags: UInt16 in [0, 0x8000, 0x7FFF, 0xFFFF] {
      let query = QueryMessage("web.mesh.internal.", .a).with {
        $0.opt = [QueryMessage.OptRecord(udpPayloadSize: 4000, flags: flags)]
      }
      let opt = try #require(try served.ask(query).opt)
      #expect(opt.flags == flags & 0x8000)
      #expect(opt.version == 0)
      #expect(opt.udpPayloadSize == 1232)
      #expect(opt.options.isEmpty)
    }
  }

  @Test("unknown options change nothing and do not come back (RFC 6891 section 6.1.2)")
  func unknownOptions() throws {
    let query = QueryMessage("web.mesh.internal.", .a).with {
      $0.opt = [QueryMessage.OptRecord(options: [0xFD, 0xE9, 0, 2, 1, 2])]
    }
    let reply = try served.ask(query)
    #expect(reply.answer == "web.mesh.internal. 5 IN A 10.0.0.1")
    #expect(reply.opt?.options == [])
  }

  @Test("EDNS version 1 is BADVERS, with version 0 in the OPT record (RFC 6891 section 6.1.3)")
  func badVersion() throws {
    for name in Self.names {
      for version: UInt8 in [1, 2, 255] {
        let query = QueryMessage(name, .a).with {
          $0.opt = [QueryMessage.OptRecord(version: version, flags: 0x8000)]
        }
        let reply = try served.ask(query)
        #expect(reply.code == .badVersion)
        #expect(reply.flags & 0xF == 0)
        #expect(reply.opt?.version == 0)
        #expect(reply.answer.isEmpty && reply.authority.isEmpty && reply.additional.isEmpty)
        #expect(!reply.isAuthoritative)
      }
    }
  }

  @Test("what can't be read gets a header with FORMERR, id and RD")
  func formatError() throws {
    let query = QueryMessage("web.mesh.internal.", .a).with {
      $0.flags = 0x0130
      $0.name = [3, 0x77, 0x65, 0x62, 0xC0, 12]
    }
    let reply = try served.ask(query)
    #expect(reply.code == .formatError)
    #expect(reply.id == 0x1234)
    #expect(reply.flags == 0x8101)
    #expect(reply.length == 12)
    let opt = QueryMessage("web.mesh.internal.", .a).with { $0.opt = [.init(), .init()] }
    #expect(try served.ask(opt).code == .formatError)
  }

  @Test("a reply to what is wrong or unknown has the question and an OPT record where one came")
  func errorsWithOpt() throws {
    let query = QueryMessage("web.mesh.internal.", .a).with { $0.opt = [.init(flags: 0x8000)] }
    let update = try served.ask(query.with { $0.flags = 5 << 11 })
    #expect(update.code == .notImplemented)
    #expect(update.question?.octets == query.question)
    #expect(update.opt?.dnssecOK == true)
    let answered = try served.ask(
      query.with {
        $0.counts = [1, 1, 0, 1]
        $0.middle = [0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 10, 0, 0, 1]
      })
    #expect(answered.code == .formatError)
    #expect(answered.question?.octets == query.question)
    #expect(answered.opt != nil)
    let twice = try served.ask(query.with { $0.opt = [.init(), .init()] })
    #expect(twice.code == .formatError)
    #expect(twice.question?.octets == query.question)
    #expect(twice.opt == nil)
  }

  @Test("another opcode gets NOTIMP with the same opcode")
  func notImplemented() throws {
    for opcode: UInt16 in 1...15 {
      let reply = try served.ask(
        QueryMessage("web.mesh.internal.", .a).with { $0.flags = opcode << 11 | 0x0100 })
      #expect(reply.code == .notImplemented)
      #expect(reply.opcode == opcode)
      #expect(reply.recursionDesired)
      #expect(!reply.isAuthoritative)
    }
  }

  @Test("a reply or a fragment of a header gets no reply")
  func silence() {
    let query = QueryMessage("web.mesh.internal.", .a)
    #expect(served.reply(to: []).isEmpty)
    #expect(served.reply(to: Array(query.octets.prefix(11))).isEmpty)
    #expect(served.reply(to: query.with { $0.flags = 0x8000 }.octets).isEmpty)
  }

  @Test("octets after the query do not get into the reply")
  func trailing() throws {
    let query = QueryMessage("web.mesh.internal.", .a)
    let reply = served.reply(to: query.with { $0.trailing = [1, 2, 3, 4] }.octets)
    #expect(reply == served.reply(to: query.octets))
  }
}
