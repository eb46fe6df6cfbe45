// The common answer: one RRset, copied as it was prepared, turned by where the copy starts.

import DNSWire

/// What was written after the question.
struct AnswerSections {
  var end: Int
  var answers = 0
  var additionals = 0
  var isTruncated = false
}

extension RRsetBlock {
  /// Copies the answer into `message` from `start` on: all records in the order of the turn that
  /// this takes, or, if they don't fit, as many as do in the order of the coming turn.
  func copyAnswer(
    into message: UnsafeMutableRawPointer, at start: Int, limit: Int, now: BootTime
  ) -> AnswerSections {
    let ttl = ttl(now: now)
    guard start + answerLength <= limit else {
      return copyPart(into: message, at: start, limit: limit, ttl: ttl)
    }
    let first = takeTurn()
    let split = recordOffset(first)
    let octets = answerOctets
    (message + start).copyMemory(from: octets + split, byteCount: answerLength - split)
    (message + start + answerLength - split).copyMemory(from: octets, byteCount: split)
    var sections = AnswerSections(end: start + answerLength, answers: count)
    if ttl != header.pointee.ttl {
      setTTLs(of: message, at: start, first: first, to: ttl)
    }
    if additionalLength > 0 {
      copyAdditional(into: message, at: start, first: first, limit: limit, ttl, &sections)
    }
    return sections
  }

  /// Where record `index` went in a message whose answer begins with record `first` at `start`.
  private func position(of index: Int, first: Int, start: Int) -> Int {
    let offset = recordOffset(index) - recordOffset(first)
    return start + (index >= first ? offset : offset + answerLength)
  }

  private func setTTLs(
    of message: UnsafeMutableRawPointer, at start: Int, first: Int, to ttl: UInt32
  ) {
    for index in 0..<count {
      let position = position(of: index, first: first, start: start)
      message.storeBigEndian(ttl, at: position + Self.ttlOffset)
    }
  }

  private func copyPart(
    into message: UnsafeMutableRawPointer, at start: Int, limit: Int, ttl: UInt32
  ) -> AnswerSections {
    var sections = AnswerSections(end: start, isTruncated: true)
    var index = comingTurn()
    while true {
      let offset = recordOffset(index)
      let length = recordOffset(index + 1) - offset
      guard sections.end + length <= limit else { return sections }
      (message + sections.end).copyMemory(from: answerOctets + offset, byteCount: length)
      message.storeBigEndian(ttl, at: sections.end + Self.ttlOffset)
      sections.end += length
      sections.answers += 1
      index = index + 1 == count ? 0 : index + 1
    }
  }

  // MARK: Additional section

  /// Adds the addresses of the targets, in the order of the answer, each RRset whole or not at
  /// all (RFC 2181 section 9). Their TTL is the answer's, which is never above their own.
  private func copyAdditional(
    into message: UnsafeMutableRawPointer, at start: Int, first: Int, limit: Int, _ ttl: UInt32,
    _ sections: inout AnswerSections
  ) {
    for step in 0..<count {
      let index = first + step < count ? first + step : first + step - count
      let target =
        position(of: index, first: first, start: start) + Self.recordHeaderLength
        + Self.targetOffsetInSRV
      // Beyond the reach of a pointer the addresses are left to a query of their own.
      guard target < 0x4000 else { continue }
      let group = additionalOffsets(index)
      let owner = 0xC000 | UInt16(target)
      copyAddresses(group.v4..<group.v6, length: 4, owner, ttl, into: message, limit, &sections)
      copyAddresses(group.v6..<group.end, length: 16, owner, ttl, into: message, limit, &sections)
    }
  }

  private func copyAddresses(
    _ range: Range<Int>, length addressLength: Int, _ owner: UInt16, _ ttl: UInt32,
    into message: UnsafeMutableRawPointer, _ limit: Int, _ sections: inout AnswerSections
  ) {
    guard !range.isEmpty, sections.end + range.count <= limit else { return }
    let end = sections.end + range.count
    (message + sections.end).copyMemory(
      from: additionalOctets + range.lowerBound, byteCount: range.count)
    while sections.end < end {
      message.storeBigEndian(owner, at: sections.end)
      message.storeBigEndian(ttl, at: sections.end + Self.ttlOffset)
      sections.end += Self.recordHeaderLength + addressLength
      sections.additionals += 1
    }
  }

  /// Priority, weight and port come before the target (RFC 2782).
  private static var targetOffsetInSRV: Int { 6 }
}
