// The common answer from a zone file: one RRset, copied as it was prepared, turned by where the
// copy starts.

import DNSWire

/// What was written after the question.
struct AnswerSections {
  var end: Int
  var answers = 0
  var additionals = 0
  var isTruncated = false
  /// Some instance is in the answer longer than its lease runs.
  var isStale = false
}

extension RRsetBlock {
  /// Copies the answer into `message` from `start` on: all records in the order of the turn that
  /// this takes, or, if they don't fit, as many as do in the order of the coming turn.
  func copyAnswer(
    into message: UnsafeMutableRawPointer, at start: Int, limit: Int
  ) -> AnswerSections {
    guard start + answerLength <= limit else {
      return copyPart(into: message, at: start, limit: limit)
    }
    let split = recordOffset(takeTurn())
    let octets = answerOctets
    (message + start).copyMemory(from: octets + split, byteCount: answerLength - split)
    (message + start + answerLength - split).copyMemory(from: octets, byteCount: split)
    return AnswerSections(end: start + answerLength, answers: count)
  }

  private func copyPart(
    into message: UnsafeMutableRawPointer, at start: Int, limit: Int
  ) -> AnswerSections {
    var sections = AnswerSections(end: start, isTruncated: true)
    var index = comingTurn()
    while true {
      let offset = recordOffset(index)
      let length = recordOffset(index + 1) - offset
      guard sections.end + length <= limit else { return sections }
      (message + sections.end).copyMemory(from: answerOctets + offset, byteCount: length)
      sections.end += length
      sections.answers += 1
      index = index + 1 == count ? 0 : index + 1
    }
  }
}
