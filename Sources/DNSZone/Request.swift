// A query with what the reply to it depends on besides the zones.

import DNSWire

struct Request {
  let message: UnsafeRawBufferPointer
  let query: Query
  /// Nil without EDNS.
  let options: ReplyOptions?
  /// The address that it came from, in network order.
  let client: UnsafeRawBufferPointer
  let isUDP: Bool
  let profile: ClientProfile
  /// Octets that the reply may have (RFC 1035 section 4.2.1, RFC 6891 section 6.2.5).
  let limit: Int

  /// - Parameters:
  ///   - listener: which of the server's addresses it came to.
  ///   - room: octets that there is memory for.
  init(
    _ query: Query, in message: UnsafeRawBufferPointer, from client: UnsafeRawBufferPointer,
    isUDP: Bool, profile: ClientProfile, room: Int, _ settings: borrowing ResponderSettings
  ) {
    self.message = message
    self.query = query
    self.client = client
    self.profile = profile
    self.isUDP = isUDP
    options = query.edns.map { ReplyOptions($0, in: message, isUDP: isUDP, settings) }
    limit =
      if isUDP {
        max(512, min(Int(query.edns?.udpPayloadSize ?? 512), settings.udpPayloadSize, room))
      } else {
        min(room, Int(UInt16.max))
      }
  }

  /// Nil where the transport does not know who the client is.
  var clientAddress: IPAddress? { IPAddress(inNetworkOrder: client) }

  /// Octets that the reply's header, question and sections may have: the OPT record has its room.
  var sectionLimit: Int { limit - (options?.length ?? 0) }
}

/// Which options the reply to a query has, found before the answer is written so that it leaves
/// them room. An extended error is no part of this: it is added where there is room left.
struct ReplyOptions {
  /// Octets of the server's identifier, where that is asked for.
  let nsidLength: Int?
  /// The data of the query's COOKIE option; the reply's begin with the same client cookie.
  let cookie: UnsafeRawBufferPointer?
  let isKeepaliveWanted: Bool

  static let cookieLength = ServerCookie.clientLength + ServerCookie.length
  static let keepaliveLength = 2
  static let extendedErrorLength = 2

  init(
    _ edns: EDNS, in message: UnsafeRawBufferPointer, isUDP: Bool,
    _ settings: borrowing ResponderSettings
  ) {
    nsidLength = edns.wantsNSID ? settings.nsid?.count : nil
    cookie = edns.cookie.map { UnsafeRawBufferPointer(rebasing: message[$0]) }
    isKeepaliveWanted = edns.wantsKeepalive && !isUDP
  }

  /// Octets of the OPT record with these options.
  var length: Int {
    var length = EDNS.recordLength
    if let nsidLength { length += EDNS.optionHeaderLength + nsidLength }
    if cookie != nil { length += EDNS.optionHeaderLength + Self.cookieLength }
    if isKeepaliveWanted { length += EDNS.optionHeaderLength + Self.keepaliveLength }
    return length
  }
}
