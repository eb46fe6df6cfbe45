// Questions to published zones, every reply checked.

import DNSWire
import DNSZone
import TestSupport

/// Asks the zones of a domain.
struct DomainReplies {
  let domain: ZoneDomain

  /// - Throws: when the reply breaks a property that each reply has.
  func ask(
    _ name: DomainName, _ type: RecordType, _ transport: Transport
  ) throws(Violation) -> Message {
    var query = QueryMessage(name, type)
    if case .edns(let size) = transport { query.opt = [.init(udpPayloadSize: size)] }
    var isUDP = true
    if case .tcp = transport { isUDP = false }
    let octets = try ReplyTarget.ask(query.octets, domain, isUDP: isUDP, at: 0)
    do throws(Violation) {
      guard let reply = try ReplyCheck.read(octets, to: query.octets, isUDP: isUDP) else {
        throw Violation("no reply")
      }
      return reply
    } catch {
      throw Violation("\(name) \(type) over \(transport): \(error)")
    }
  }
}
