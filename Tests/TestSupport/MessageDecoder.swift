// Reads a message with the strictness that a test wants: pointers lead backwards, nothing is over.

import DNSWire

package enum MessageDecodingError: Error, Equatable {
  case truncated(at: Int)
  case forwardPointer(at: Int)
  case reservedLabel(at: Int)
  case longName(at: Int)
  case pointerInUncompressedRDATA(at: Int)
  case badRDLENGTH(at: Int)
  case optOutOfPlace(at: Int)
  case trailingOctets(Int)
}

extension Message {
  package init(_ octets: [UInt8]) throws(MessageDecodingError) {
    var decoder = MessageDecoder(octets: octets)
    self = try decoder.message()
  }
}

private struct MessageDecoder {
  let octets: [UInt8]
  var position = 0
  var pointerTargets: [Int] = []
  var opt: (record: Message.OptRecord, extendedCode: UInt16)?

  mutating func message() throws(MessageDecodingError) -> Message {
    let id = try uint16()
    let flags = try uint16()
    var counts: [Int] = []
    for _ in 0..<4 { counts.append(Int(try uint16())) }
    var question: Message.Question?
    for _ in 0..<counts[0] { question = try self.question() }
    let (answer, answerEnds) = try section(counts[1])
    let (authority, _) = try section(counts[2])
    let (additional, _) = try section(counts[3], mayHoldOpt: true)
    guard position == octets.count else { throw .trailingOctets(octets.count - position) }
    let code = (opt?.extendedCode ?? 0) << 4 | flags & 0xF
    return Message(
      id: id, flags: flags, question: question, answer: answer, authority: authority,
      additional: additional, opt: opt?.record, answerEnds: answerEnds,
      pointerTargets: pointerTargets, octets: octets, code: ResponseCode(rawValue: code))
  }

  private mutating func question() throws(MessageDecodingError) -> Message.Question {
    let start = position
    let name = try name()
    let type = RecordType(rawValue: try uint16())
    let recordClass = RecordClass(rawValue: try uint16())
    return Message.Question(
      name: name, type: type, recordClass: recordClass, octets: Array(octets[start..<position]))
  }

  private mutating func section(
    _ count: Int, mayHoldOpt: Bool = false
  ) throws(MessageDecodingError) -> (RecordSection, ends: [Int]) {
    var section = RecordSection()
    var ends: [Int] = []
    for _ in 0..<count {
      let start = position
      let owner = try name()
      let type = RecordType(rawValue: try uint16())
      let recordClass = RecordClass(rawValue: try uint16())
      let ttl = UInt32(try uint16()) << 16 | UInt32(try uint16())
      let end = position + 2 + Int(try uint16())
      guard end <= octets.count else { throw .truncated(at: start) }
      if type == .opt {
        guard mayHoldOpt, opt == nil, owner.isRoot else { throw .optOutOfPlace(at: start) }
        opt = (try optRecord(recordClass, ttl, end: end), UInt16(ttl >> 24))
      } else {
        let rdata = try rdata(of: type, end: end)
        section.append(
          ResourceRecord(owner: owner, type: type, ttl: ttl, rdata: rdata), recordClass)
      }
      guard position == end else { throw .badRDLENGTH(at: start) }
      ends.append(end)
    }
    return (section, ends)
  }

  private mutating func optRecord(
    _ size: RecordClass, _ ttl: UInt32, end: Int
  ) throws(MessageDecodingError) -> Message.OptRecord {
    var options: [Message.Option] = []
    while position < end {
      let code = try uint16()
      let length = Int(try uint16())
      options.append(Message.Option(code: code, data: try take(length)))
    }
    return Message.OptRecord(
      udpPayloadSize: size.rawValue, version: UInt8(ttl >> 16 & 0xFF),
      dnssecOK: ttl & 0x8000 != 0, flags: UInt16(ttl & 0xFFFF), options: options)
  }

  /// RDATA with the names written out, by the types of RFC 1035 whose names may be compressed.
  private mutating func rdata(of type: RecordType, end: Int) throws(MessageDecodingError) -> [UInt8]
  {
    var rdata: [UInt8] = []
    switch type.rawValue {
    case 2, 3, 4, 5, 7, 8, 9, 12: rdata += try name().wire
    case 6, 14:
      rdata += try name().wire
      rdata += try name().wire
    case 15:
      rdata += try take(2)
      rdata += try name().wire
    case 33, 39:
      // Never compressed (RFC 2782, RFC 6672 section 2.5).
      if type == .srv { rdata += try take(6) }
      let pointers = pointerTargets.count
      rdata += try name().wire
      guard pointerTargets.count == pointers else {
        throw .pointerInUncompressedRDATA(at: position)
      }
    default: break
    }
    guard position <= end else { throw .badRDLENGTH(at: position) }
    return rdata + (try take(end - position))
  }

  private mutating func name() throws(MessageDecodingError) -> DomainName {
    var wire: [UInt8] = []
    var cursor = position
    var bound = position
    var afterPointer: Int?
    while true {
      guard cursor < octets.count else { throw .truncated(at: cursor) }
      let length = Int(octets[cursor])
      if length >= 0xC0 {
        guard cursor + 1 < octets.count else { throw .truncated(at: cursor) }
        let target = (length & 0x3F) << 8 | Int(octets[cursor + 1])
        guard target < bound else { throw .forwardPointer(at: cursor) }
        pointerTargets.append(target)
        afterPointer = afterPointer ?? cursor + 2
        (cursor, bound) = (target, target)
        continue
      }
      guard length < 64 else { throw .reservedLabel(at: cursor) }
      guard cursor + 1 + length <= octets.count else { throw .truncated(at: cursor) }
      wire += octets[cursor...cursor + length]
      cursor += 1 + length
      guard wire.count <= 255 else { throw .longName(at: position) }
      if length == 0 { break }
    }
    position = afterPointer ?? cursor
    return DomainName(uncheckedWire: wire)
  }

  private mutating func take(_ count: Int) throws(MessageDecodingError) -> [UInt8] {
    guard position + count <= octets.count else { throw .truncated(at: position) }
    defer { position += count }
    return Array(octets[position..<position + count])
  }

  private mutating func uint16() throws(MessageDecodingError) -> UInt16 {
    let octets = try take(2)
    return UInt16(octets[0]) << 8 | UInt16(octets[1])
  }
}
