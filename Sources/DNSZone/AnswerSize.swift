// How large the answer from a registered RRset is.

package import DNSWire

package struct AnswerSize: Equatable, Sendable {
  package let type: RecordType
  package let records: Int
  /// Of the message without an OPT record (RFC 1035 section 4.2.1).
  package let octets: Int
}

extension Zone {
  /// The answers of A, AAAA and SRV at `owner`, a name in wire form, as far as it has them from
  /// instances. Those whose lease has ended count until they are taken away.
  package func answerSizes(at owner: [UInt8]) -> [AnswerSize] {
    owner.withUnsafeBufferPointer { name.set($0.baseAddress!) }
    guard let node = find(name.view), node.flags.contains(.registered) else { return [] }
    return [RecordType.a, .aaaa, .srv].compactMap { type in
      guard case .instances(let rrset)? = node.rrset(type) else { return nil }
      // The question has the name, type and class.
      let most = Header.length + owner.count + 4 + rrset.longest
      if let window = rrset.window {
        return AnswerSize(type: type, records: window.size, octets: most)
      }
      let repetitions =
        rrset.hasRepetitions ? (0..<rrset.count).map(rrset.entry).filter(\.isRepetition) : []
      let repeated = repetitions.reduce(0) { $0 + $1.recordLength(type) }
      return AnswerSize(
        type: type, records: rrset.count - repetitions.count, octets: most - repeated)
    }
  }
}
