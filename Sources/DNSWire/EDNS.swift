// What the OPT record of a query says (RFC 6891).

/// The OPT record of a query: its fixed part and the options that a server acts on.
@usableFromInline package struct EDNS: Sendable {
  /// The largest UDP message that the requester takes, as sent: values below 512 mean 512.
  package var udpPayloadSize: UInt16
  package var version: UInt8
  /// DNSSEC OK, which is copied to the reply (RFC 3225 section 3).
  package var dnssecOK: Bool
  /// The requester wants to know which server answers (RFC 5001).
  package var wantsNSID = false
  /// The requester keeps a TCP connection open if it learns for how long (RFC 7828).
  package var wantsKeepalive = false
  /// Where in the message the data of the first COOKIE option lie: eight octets of the client's,
  /// then none or 8 to 32 of the server's (RFC 7873 section 4).
  package var cookie: Range<Int>?
  /// A COOKIE option can't be one by its length (RFC 7873 section 5.2.2).
  var hasMalformedCookie = false
}

extension EDNS {
  /// Octets of an OPT record without options.
  package static let recordLength = 11
  /// Octets of an option's code and length.
  package static let optionHeaderLength = 4
  /// Of the OPT record's flags (RFC 3225 section 3).
  package static let dnssecOKFlag: UInt16 = 0x8000

  /// Reads the OPT record at `start`, whose owner and length are known to be right; of another
  /// version than 0 only the fixed part.
  /// - Returns: nil when its options do not fill its RDATA.
  init?(_ message: Span<UInt8>, at start: Int) {
    udpPayloadSize = message.uint16(at: start + 3)
    version = message[start + 6]
    dnssecOK = message.uint16(at: start + 7) & Self.dnssecOKFlag != 0
    // Another version's options may have another form.
    guard version == 0 else { return }
    var position = start + Self.recordLength
    let end = position + Int(message.uint16(at: start + 9))
    while position < end {
      guard position + Self.optionHeaderLength <= end else { return nil }
      let code = OptionCode(rawValue: message.uint16(at: position))
      let dataStart = position + Self.optionHeaderLength
      let dataEnd = dataStart + Int(message.uint16(at: position + 2))
      guard dataEnd <= end else { return nil }
      take(code, dataStart..<dataEnd)
      position = dataEnd
    }
  }

  /// Notes an option; others than these are ignored (RFC 6891 section 6.1.2).
  private mutating func take(_ code: OptionCode, _ data: Range<Int>) {
    switch code {
    case .nsid: wantsNSID = true
    case .keepalive: wantsKeepalive = true
    case .cookie where cookie == nil && !hasMalformedCookie:
      // Only the first one counts (RFC 7873 section 5.2).
      hasMalformedCookie = !ServerCookie.isPossibleOptionLength(data.count)
      if !hasMalformedCookie { cookie = data }
    default: break
    }
  }
}
