// The whole response code of a reply, which stands in two places of it.

extension ResponseCode {
  /// The code that `reply` has in its header, with the upper bits that its OPT record adds
  /// (RFC 6891 section 6.1.3).
  ///
  /// - Parameter reply: a message of ours: its question's name is not compressed.
  package init(of reply: Span<UInt8>) {
    var code = reply.uint16(at: Header.Field.flags) & 0x000F
    var position = Header.length
    if reply.uint16(at: Header.Field.questionCount) > 0 {
      while position < reply.count, reply[position] != 0 { position += 1 + Int(reply[position]) }
      // The root label, type and class.
      position += 5
    }
    let sections = [
      Header.Field.answerCount, Header.Field.authorityCount, Header.Field.additionalCount,
    ]
    for section in sections {
      for _ in 0..<reply.uint16(at: section) {
        guard let record = RecordPlace(reply, at: position) else { break }
        // They are the first octet of what is the TTL of other records.
        if record.type(reply) == .opt { code |= UInt16(reply[record.ownerEnd + 4]) << 4 }
        position = record.end
      }
    }
    self.init(rawValue: code)
  }
}
