// What another server says about a name that is not ours, as a reply to our client.

package import DNSWire

package struct ForeignAnswer: Sendable {
  package var code = ResponseCode.noError
  package var answer: [ResourceRecord] = []
  package var authority: [ResourceRecord] = []
  package var additional: [ResourceRecord] = []
  package var extendedError: ExtendedErrorCode?

  package init() {}
}

/// A query that ``Responder`` took for another server's, and what it has written of the reply.
package struct ForeignQuery: Sendable {
  /// The message as it came.
  private let message: [UInt8]
  private let query: Query
  /// The address that it came from, in network order.
  private let client: [UInt8]
  private let listener: Int
  private let isUDP: Bool
  /// Our aliases, which lead to ``name``.
  private let aliases: [ResourceRecord]
  private let isAuthoritative: Bool
  /// What the other server is to be asked for.
  package let name: DomainName

  package var type: RecordType { query.type }
  package var dnssecOK: Bool { query.edns?.dnssecOK ?? false }
  package var checkingDisabled: Bool { query.flags.rawValue & HeaderFlags.checkingDisabled != 0 }

  /// - Parameters:
  ///   - message: the query as it came.
  ///   - beginning: what the responder has written.
  ///   - client: its address, in network order.
  ///   - listener: which of the server's addresses it came to.
  /// - Returns: nil for what no responder gives out as begun.
  package init?(
    _ message: [UInt8], begunWith beginning: [UInt8], from client: [UInt8], at listener: Int,
    isUDP: Bool
  ) {
    guard case .query(let query) = Query.check(message.span), let begun = try? Reply(beginning),
      let question = begun.question
    else { return nil }
    self.message = message
    self.query = query
    self.client = client
    self.listener = listener
    self.isUDP = isUDP
    aliases = begun.answer.compactMap(begun.resourceRecord)
    isAuthoritative = begun.flags.rawValue & HeaderFlags.authoritative != 0
    name = begun.answer.last.flatMap(begun.alias) ?? question.name
  }

  /// The whole reply. AA is that of the first owner, ours if it is an alias of ours (RFC 6604
  /// section 2).
  ///
  /// - Parameter wallSeconds: seconds since 1970 modulo 2^32, for cookies.
  package func reply(
    _ foreign: ForeignAnswer, wallSeconds: UInt32, _ settings: ResponderSettings
  ) -> [UInt8] {
    let room = isUDP ? settings.udpPayloadSize : Int(UInt16.max)
    return [UInt8](unsafeUninitializedCapacity: room) { reply, length in
      length = message.withUnsafeBytes { message in
        client.withUnsafeBytes { client in
          let request = Request(
            query, in: message, from: client, isUDP: isUDP,
            profile: settings.profile(of: client, at: listener), room: room, settings)
          let memory = UnsafeMutableRawBufferPointer(reply)
          let start = Header.length + query.questionLength
          memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: message[..<start]))
          var outcome = ReplyOutcome(limit: request.sectionLimit, end: start)
          write(foreign, in: memory, request.profile, &outcome)
          return settings.finish(&outcome, request, memory, wallSeconds: wallSeconds)
        }
      }
    }
  }

  private func write(
    _ foreign: ForeignAnswer, in memory: UnsafeMutableRawBufferPointer, _ profile: ClientProfile,
    _ outcome: inout ReplyOutcome
  ) {
    let start = outcome.end
    var writer = MessageWriter(
      memory: memory, limit: outcome.limit, questionNameLength: query.nameLength)
    outcome.code = foreign.code
    outcome.extendedError = foreign.extendedError
    outcome.isAuthoritative = isAuthoritative
    let answer = aliases + profile.limiting(foreign.answer)
    outcome.answers = writer.append(answer)
    // What follows a section that is cut would be taken for the whole (RFC 2181 section 9).
    outcome.isTruncated = outcome.answers < answer.count
    if !outcome.isTruncated {
      outcome.authorities = writer.append(foreign.authority)
      // A negative answer can't be kept without its SOA.
      outcome.isTruncated =
        outcome.authorities < foreign.authority.count && foreign.answer.isEmpty
      if outcome.authorities == foreign.authority.count {
        outcome.additionals = writer.append(foreign.additional)
      }
    }
    outcome.end = writer.length
    if profile.contains(.haproxy) { outcome.multiplyWeights(in: memory, at: start) }
  }
}

extension ClientProfile {
  /// Records with no more addresses than such a client is to get.
  fileprivate func limiting(_ records: [ResourceRecord]) -> [ResourceRecord] {
    guard let addressLimit else { return records }
    var count = 0
    return records.filter { record in
      guard record.type == .a || record.type == .aaaa else { return true }
      count += 1
      return count <= addressLimit
    }
  }
}

extension MessageWriter {
  /// - Returns: how many were appended before the first that does not fit.
  fileprivate mutating func append(_ records: [ResourceRecord]) -> Int {
    for (index, record) in records.enumerated() {
      let fits = record.owner.wire.withUnsafeBytes { owner in
        record.rdata.withUnsafeBytes { rdata in
          append(owner: owner, type: record.type, ttl: record.ttl, rdata: rdata)
        }
      }
      guard fits else { return index }
    }
    return records.count
  }
}
