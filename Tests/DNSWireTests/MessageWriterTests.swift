// What the writer writes: compression, limits, whole records.

import DNSWire
import TestSupport
import Testing

/// A writer in memory of its own, after the question of a query.
final class WriterUnderTest {
  private let memory: UnsafeMutableRawBufferPointer
  var writer: MessageWriter
  private var counts: [UInt16] = [0, 0, 0]

  init(_ query: QueryMessage, limit: Int = 512, capacity: Int = 70_000) {
    memory = .allocate(byteCount: capacity, alignment: 16)
    memory.copyBytes(from: query.octets)
    writer = MessageWriter(memory: memory, limit: limit, questionNameLength: query.name.count)
    memory.baseAddress!.storeBigEndian(UInt16(0x8400), at: Header.Field.flags)
  }

  deinit { memory.deallocate() }

  /// Appends a line of zone-file text to the answer section.
  func append(_ line: String) -> Bool {
    ZoneText(line, origin: .root).records.allSatisfy { record in
      let isWritten = record.owner.wire.withUnsafeBytes { owner in
        record.rdata.withUnsafeBytes { rdata in
          writer.append(owner: owner, type: record.type, ttl: record.ttl, rdata: rdata)
        }
      }
      if isWritten { counts[0] += 1 }
      return isWritten
    }
  }

  func message() throws -> Message {
    memory.baseAddress!.storeBigEndian(counts[0], at: Header.Field.answerCount)
    return try Message(Array(memory[..<writer.length]))
  }

  /// What appending `line` adds.
  func octets(of line: String) -> [UInt8] {
    let start = writer.length
    _ = append(line)
    return Array(memory[start..<writer.length])
  }
}

@Suite("Writing messages (RFC 1035 section 4.1.4)")
struct MessageWriterTests {
  let query = QueryMessage("web.mesh.internal.", .a)

  @Test("an owner that is the question's name is two octets, in whatever case")
  func ownerPointer() {
    let writer = WriterUnderTest(query)
    let record = writer.octets(of: "WEB.mesh.INTERNAL. 5 IN A 10.0.0.1")
    #expect(record == [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 10, 0, 0, 1])
  }

  @Test("an owner that shares only a suffix is written up to it")
  func ownerSuffix() {
    let writer = WriterUnderTest(query)
    let record = writer.octets(of: "db.mesh.internal. 5 IN A 10.0.0.1")
    #expect(record.prefix(5) == [2, 0x64, 0x62, 0xC0, 16])
    #expect(writer.octets(of: "DB.mesh.internal. 5 IN A 10.0.0.2").prefix(2) == [0xC0, 35])
    #expect(writer.octets(of: ". 5 IN A 10.0.0.3").first == 0)
    #expect(writer.octets(of: "internal. 5 IN A 10.0.0.3").prefix(2) == [0xC0, 21])
  }

  @Test("label boundaries count: xweb does not end in web")
  func noSuffixInsideLabels() {
    let writer = WriterUnderTest(QueryMessage("web.", .a))
    #expect(writer.octets(of: "xweb. 5 IN A 10.0.0.1").prefix(6) == [4, 0x78, 0x77, 0x65, 0x62, 0])
    let web = writer.octets(of: "web.x. 5 IN A 10.0.0.1")
    #expect(web.prefix(7) == [3, 0x77, 0x65, 0x62, 1, 0x78, 0])
  }

  @Test(
    "names in the RDATA of the types of RFC 1035 are compressed",
    arguments: [
      ("web.mesh.internal. 5 IN NS ns.mesh.internal.", 12 + 5),
      ("web.mesh.internal. 5 IN CNAME mesh.internal.", 12 + 2),
      ("web.mesh.internal. 5 IN PTR a.b.mesh.internal.", 12 + 6),
      ("web.mesh.internal. 5 IN MX 10 mail.mesh.internal.", 12 + 2 + 7),
      (
        "mesh.internal. 5 IN SOA ns.mesh.internal. hostmaster.ns.mesh.internal. 1 2 3 4 5",
        12 + 5 + 13 + 20
      ),
    ])
  func compressedRDATA(line: String, length: Int) throws {
    let writer = WriterUnderTest(query)
    #expect(writer.octets(of: line).count == length)
    #expect(try writer.message().answer == RecordSection(line))
  }

  @Test("a target of SRV or DNAME is written out (RFC 2782, RFC 6672 section 2.5)")
  func uncompressedRDATA() throws {
    let writer = WriterUnderTest(query)
    let srv = writer.octets(of: "web.mesh.internal. 5 IN SRV 0 1 80 web.mesh.internal.")
    #expect(srv.count == 12 + 6 + 19)
    #expect(writer.octets(of: "web.mesh.internal. 5 IN DNAME mesh.internal.").count == 12 + 15)
    #expect(try writer.message().answer.count == 2)
  }

  @Test("a target of SRV can be pointed to")
  func pointerIntoSRV() throws {
    let writer = WriterUnderTest(query)
    #expect(writer.append("web.mesh.internal. 5 IN SRV 0 1 80 i1.other."))
    let record = writer.octets(of: "i1.other. 5 IN A 10.0.0.1")
    #expect(record.count == 16)
    #expect(try writer.message().answer.lines.last == "i1.other. 5 IN A 10.0.0.1")
  }

  @Test("RDATA of other types is copied as it is, pointers' look-alikes too (RFC 3597 section 4)")
  func unknownRDATA() throws {
    let writer = WriterUnderTest(query)
    let line = "web.mesh.internal. 5 IN TYPE65280 \\# 4 c00c0001"
    #expect(writer.append(line))
    #expect(writer.append("web.mesh.internal. 5 IN TYPE65280 \\# 0"))
    #expect(try writer.message().answer.lines.first == line)
  }

  @Test("a record is written whole or not at all, at every limit")
  func wholeRecords() throws {
    let lines = [
      "web.mesh.internal. 5 IN A 10.0.0.1",
      "web.mesh.internal. 5 IN MX 10 mail.elsewhere.",
      "deep.down.elsewhere. 5 IN SRV 1 2 3 target.elsewhere.",
      "web.mesh.internal. 5 IN SOA ns.far.away. root.far.away. 1 2 3 4 5",
      "web.mesh.internal. 5 IN TXT \"some text\"",
    ]
    let full = WriterUnderTest(query)
    let ends = lines.map { line in
      _ = full.append(line)
      return full.writer.length
    }
    for limit in 35...ends.last! + 1 {
      let writer = WriterUnderTest(query, limit: limit)
      let written = lines.prefix { writer.append($0) }.count
      #expect(written == ends.prefix { $0 <= limit }.count)
      #expect(try writer.message().answer.lines.count == written)
    }
  }

  @Test("a name of a record that did not fit is never pointed to")
  func rewoundNames() throws {
    let writer = WriterUnderTest(query, limit: 35 + 40)
    #expect(!writer.append("new.name. 5 IN TXT \"\(String(repeating: "x", count: 60))\""))
    #expect(!writer.append("web.mesh.internal. 5 IN MX 5 \(String(repeating: "y.", count: 30))"))
    #expect(writer.append("new.name. 5 IN A 10.0.0.1"))
    #expect(try writer.message().answer == "new.name. 5 IN A 10.0.0.1")
  }

  @Test("rewinding to a mark forgets the names after it")
  func marks() throws {
    let writer = WriterUnderTest(query)
    let mark = writer.writer.mark
    _ = writer.octets(of: "a.b.c. 5 IN A 10.0.0.1")
    writer.writer.rewind(to: mark)
    #expect(writer.octets(of: "a.b.c. 5 IN A 10.0.0.1").first == 1)
  }

  @Test("no pointer leads to offset 0x4000 or beyond")
  func farNames() throws {
    let writer = WriterUnderTest(query, limit: 65_535)
    let string = " \"" + String(repeating: "z", count: 250) + "\""
    #expect(writer.append("web.mesh.internal. 5 IN TXT" + String(repeating: string, count: 60)))
    // The names straddle 0x4000: some labels of one lie before, some after.
    while writer.writer.length < 0x4000 - 25 {
      #expect(writer.append("web.mesh.internal. 5 IN A 10.0.0.1"))
    }
    let long = "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p. 5 IN A 10.0.0.1"
    for _ in 0..<4 {
      #expect(writer.append(long))
      #expect(writer.append("x.far. 5 IN NS x.far."))
    }
    let message = try writer.message()
    #expect(message.length > 0x4000)
    #expect(message.pointerTargets.allSatisfy { $0 < 0x4000 })
    #expect(message.answer.lines.suffix(2).first == long)
  }

  @Test("names that build on one another are read by ten pointers at most")
  func longChains() throws {
    let writer = WriterUnderTest(query, limit: 65_535)
    var name = "mesh.internal."
    for step in 0..<30 {
      name = "s\(step).\(name)"
      #expect(writer.append("web.mesh.internal. 5 IN NS \(name)"))
    }
    let message = try writer.message()
    #expect(message.answer.values.last == name)
    let hops = message.answerEnds.map { end in
      var (position, hops) = (end - 2, 0)
      while message.octets[position] != 0 {
        if message.octets[position] < 0xC0 {
          position += 1 + Int(message.octets[position])
        } else {
          position =
            Int(message.octets[position] & 0x3F) << 8 | Int(message.octets[position + 1])
          hops += 1
        }
      }
      return hops
    }
    #expect(hops.max() == 10)
  }

  @Test("the last labels of a question with 120 labels can be pointed to")
  func manyLabels() throws {
    let name = String(repeating: "a.", count: 118) + "mesh.internal."
    let writer = WriterUnderTest(QueryMessage(name, .a))
    let record = writer.octets(of: "mesh.internal. 5 IN A 10.0.0.1")
    #expect(record.count == 16)
  }

  @Test("many names in one message stay readable")
  func manyNames() throws {
    let writer = WriterUnderTest(query, limit: 65_535)
    var lines: [String] = []
    for number in 0..<400 {
      lines.append("web.mesh.internal. 5 IN NS n\(number).s\(number % 7).mesh.internal.")
    }
    for line in lines { #expect(writer.append(line)) }
    #expect(try writer.message().answer == RecordSection(lines.joined(separator: "\n")))
  }
}
