// One query and what became of it, as it stands in the log.

import DNSTransport
import DNSWire
import Logging

/// What a log line says of a query. It is a copy: the buffers of the exchange are used again.
struct QueryRecord: Sendable {
  let client: IPAddress?
  let clientPort: UInt16
  let listener: Int
  let transport: Transport
  /// What could be read of the query.
  let query: Query?
  /// The octets of its question's name.
  let name: DomainName?
  /// Nil where there was no reply.
  let code: ResponseCode?
  let replySize: Int
  let answers: Int
  let isTruncated: Bool
  /// Whether the reply is another server's.
  let isForwarded: Bool

  init(_ exchange: Exchange, isForwarded: Bool) {
    self.isForwarded = isForwarded
    let octets = exchange.client.count
    client =
      octets == 4 || octets == 16
      ? exchange.client.baseAddress.map { IPAddress(from: $0, isV4: octets == 4) } : nil
    clientPort = exchange.clientPort
    listener = exchange.listener
    transport = exchange.transport
    let message = exchange.query.assumingMemoryBound(to: UInt8.self)
    query =
      switch Query.check(message.span) {
      case .query(let query), .error(_, let query): query
      case .discard: nil
      }
    let nameLength = query?.nameLength ?? 0
    name =
      nameLength == 0
      ? nil : DomainName(uncheckedWire: Array(message[Header.length..<Header.length + nameLength]))
    replySize = exchange.replyLength
    let isReplied = replySize >= Header.length
    let reply = UnsafeMutableRawBufferPointer(rebasing: exchange.reply[..<replySize])
      .assumingMemoryBound(to: UInt8.self)
    code = isReplied ? ResponseCode(of: reply.span) : nil
    answers = isReplied ? Int(reply[6]) << 8 | Int(reply[7]) : 0
    // RFC 1035 section 4.1.1: the bit TC.
    isTruncated = isReplied && reply[2] & 0x02 != 0
  }

  /// The fields of the line; which there are depends on what could be read.
  ///
  /// - Parameter listeners: the server's addresses.
  func fields(listeners: [ListenAddress]) -> Logger.Metadata {
    var fields: Logger.Metadata = [
      "transport": "\(transport.rawValue)",
      "client_port": "\(clientPort)",
      "rcode": code.map { "\($0)" } ?? "none",
      "reply_size": "\(replySize)",
      "answers": "\(answers)",
    ]
    if let client { fields["client"] = "\(client)" }
    if listeners.indices.contains(listener) { fields["listener"] = "\(listeners[listener])" }
    if isTruncated { fields["truncated"] = "true" }
    if isForwarded { fields["forwarded"] = "true" }
    if let query, let name {
      fields["name"] = "\(name)"
      fields["type"] = "\(query.type)"
      if query.recordClass != .in { fields["class"] = "\(query.recordClass.rawValue)" }
    }
    if let edns = query?.edns { fields["edns_size"] = "\(edns.udpPayloadSize)" }
    return fields
  }
}
