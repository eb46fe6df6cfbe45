// The end of a reply: OPT and TSIG records, and the header that counts all.

import DNSWire

extension ResponderSettings {
  /// Puts the records that are no answer and the header to what was written.
  ///
  /// - Parameter wallSeconds: seconds since 1970 modulo 2^32, for cookies.
  borrowing func finish(
    _ outcome: inout ReplyOutcome, _ request: Request, _ reply: UnsafeMutableRawBufferPointer,
    wallSeconds: UInt32
  ) -> Int {
    let memory = reply.baseAddress!
    if request.profile.contains(.musl), outcome.isForeign, outcome.code == .refused {
      outcome.code = .nameError
    }
    if let edns = request.query.edns, let options = request.options {
      outcome.end += writeOptRecord(
        edns, options, request, outcome, wallSeconds, to: memory + outcome.end)
      outcome.additionals += 1
    }
    if let offset = request.query.tsigOffset, outcome.code == .notAuth {
      refuseSignature(request.message, at: offset, reply, limit: request.limit, &outcome)
    }
    writeHeader(outcome, request, memory)
    return outcome.end
  }

  @inline(__always) borrowing func writeHeader(
    _ outcome: ReplyOutcome, _ request: Request, _ memory: UnsafeMutableRawPointer
  ) {
    var flags = request.query.flags.replying.rawValue | (outcome.code.rawValue & 0xF)
    if outcome.isAuthoritative { flags |= HeaderFlags.authoritative }
    if outcome.isTruncated { flags |= HeaderFlags.truncated }
    if request.profile.contains(.dnsmasq) || forwardedClients != nil {
      flags |= HeaderFlags.recursionAvailable
    }
    let questions: UInt16 = request.query.questionLength > 0 ? 1 : 0
    memory.storeBigEndian(flags, at: Header.Field.flags)
    memory.storeBigEndian(questions, at: Header.Field.questionCount)
    memory.storeBigEndian(UInt16(outcome.answers), at: Header.Field.answerCount)
    memory.storeBigEndian(UInt16(outcome.authorities), at: Header.Field.authorityCount)
    memory.storeBigEndian(UInt16(outcome.additionals), at: Header.Field.additionalCount)
  }

  /// Appends the TSIG record that says that its key is unknown, last as it must be.
  private func refuseSignature(
    _ query: UnsafeRawBufferPointer, at offset: Int, _ reply: UnsafeMutableRawBufferPointer,
    limit: Int, _ outcome: inout ReplyOutcome
  ) {
    let message = query.assumingMemoryBound(to: UInt8.self).span
    guard let tsig = TSIG(message, at: offset) else { return }
    var record = tsig.owner.wire
    record.append(bigEndian: RecordType.tsig.rawValue)
    record.append(bigEndian: RecordClass.any.rawValue)
    record.append(bigEndian: UInt32(0))
    let rdata = tsig.badKeyRDATA(originalID: message.uint16(at: Header.Field.id))
    record.append(bigEndian: UInt16(rdata.count))
    record += rdata
    guard outcome.end + record.count <= limit else { return }
    record.withUnsafeBytes {
      (reply.baseAddress! + outcome.end).copyMemory(from: $0.baseAddress!, byteCount: $0.count)
    }
    outcome.end += record.count
    outcome.additionals += 1
  }

  /// - Returns: octets written.
  private borrowing func writeOptRecord(
    _ edns: EDNS, _ options: ReplyOptions, _ request: Request, _ outcome: ReplyOutcome,
    _ wallSeconds: UInt32, to memory: UnsafeMutableRawPointer
  ) -> Int {
    var opt = OptRecord(
      to: memory, udpPayloadSize: UInt16(udpPayloadSize), code: outcome.code,
      dnssecOK: edns.dnssecOK)
    if let cookie = options.cookie {
      let data = opt.append(.cookie, dataLength: ReplyOptions.cookieLength)
      data.copyMemory(from: cookie.baseAddress!, byteCount: ServerCookie.clientLength)
      serverCookie.write(
        to: data + ServerCookie.clientLength, clientCookie: cookie.baseAddress!,
        address: request.client, at: wallSeconds)
    }
    if options.nsidLength != nil, let nsid {
      let data = opt.append(.nsid, dataLength: nsid.count)
      nsid.withUnsafeBytes {
        UnsafeMutableRawBufferPointer(start: data, count: $0.count).copyBytes(from: $0)
      }
    }
    if options.isKeepaliveWanted {
      opt.append(.keepalive, dataLength: ReplyOptions.keepaliveLength)
        .storeBigEndian(keepaliveTimeout, at: 0)
    }
    let room = outcome.limit - outcome.end
    if let reason = outcome.extendedError,
      room >= EDNS.optionHeaderLength + ReplyOptions.extendedErrorLength
    {
      opt.append(.extendedError, dataLength: ReplyOptions.extendedErrorLength)
        .storeBigEndian(reason.rawValue, at: 0)
    }
    return opt.length
  }
}
