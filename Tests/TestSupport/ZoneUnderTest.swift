// Zones from text, and the replies that a responder gives from them.

package import DNSWire
package import DNSZone

/// How a query comes, which decides how large its reply may be.
package enum Transport: Sendable {
  /// Without EDNS.
  case udp
  case edns(UInt16)
  case tcp
}

/// A domain with zones that were written as text. One thread at a time may use it.
package final class ZoneUnderTest {
  package let domain: ZoneDomain
  package private(set) var zones: [Zone] = []
  private let responder: Responder

  /// - Parameter zones: origin and text of each.
  package init(
    _ zones: [(origin: String, text: String)], negativeTTLLimit: UInt32 = .max,
    settings: ResponderSettings = .underTest
  ) {
    domain = ZoneDomain(seed: 0x5EED)
    guard let responder = Responder(domain: domain, settings: settings) else {
      preconditionFailure("a fresh domain has room for a reader")
    }
    self.responder = responder
    for (origin, text) in zones {
      let apex = Self.name(origin)
      publish(
        Zone(
          apex: apex, records: ZoneText(text, origin: apex).records, in: domain,
          negativeTTLLimit: negativeTTLLimit))
    }
  }

  package convenience init(
    _ origin: String, _ text: String, negativeTTLLimit: UInt32 = .max,
    settings: ResponderSettings = .underTest
  ) {
    self.init([(origin, text)], negativeTTLLimit: negativeTTLLimit, settings: settings)
  }

  /// The zone that was published first.
  package var zone: Zone { zones[0] }

  package func publish(_ zone: Zone) {
    zones.append(zone)
    domain.publish([zone])
  }

  package func ask(
    _ name: String, _ type: RecordType, over transport: Transport = .edns(1232),
    at time: BootTime = 0
  ) throws(MessageDecodingError) -> Message {
    var query = QueryMessage(Self.name(name), type)
    if case .edns(let size) = transport {
      query.opt = [QueryMessage.OptRecord(udpPayloadSize: size)]
    }
    var isUDP = true
    if case .tcp = transport { isUDP = false }
    return try ask(query, isUDP: isUDP, at: time)
  }

  /// - Throws: when the reply can't be read, as when there is none.
  package func ask(
    _ query: QueryMessage, isUDP: Bool = true, at time: BootTime = 0
  ) throws(MessageDecodingError) -> Message {
    try Message(reply(to: query.octets, isUDP: isUDP, at: time))
  }

  /// The octets of the reply; none when there is no reply.
  package func reply(to query: [UInt8], isUDP: Bool = true, at time: BootTime = 0) -> [UInt8] {
    responder.reply(to: query, isUDP: isUDP, at: time)
  }

  package static func name(_ text: String) -> DomainName {
    guard let name = try? DomainName(text) else { preconditionFailure("no name: \(text)") }
    return name
  }
}

extension Responder {
  /// One reply in a batch of its own. Octets after the reply's end must stay untouched.
  package func reply(
    to query: [UInt8], from client: [UInt8] = [127, 0, 0, 1], listener: Int = 0, isUDP: Bool,
    at time: BootTime, wallSeconds: UInt32 = 0, isUnderLoad: Bool = false
  ) -> [UInt8] {
    begin(at: time, wallSeconds: wallSeconds, isUnderLoad: isUnderLoad)
    defer { end() }
    let untouched: UInt8 = 0xA5
    let room = isUDP ? 4096 : 65_535
    var memory = [UInt8](repeating: untouched, count: room + 16)
    let length = memory.withUnsafeMutableBytes { memory in
      query.withUnsafeBytes { query in
        expect(query)
        fetchExpected()
        return client.withUnsafeBytes { client in
          reply(
            to: query, from: client, at: listener,
            into: UnsafeMutableRawBufferPointer(rebasing: memory[..<room]), isUDP: isUDP)
        }
      }
    }
    precondition(memory[room...].allSatisfy { $0 == untouched }, "written past the memory")
    return Array(memory[..<length])
  }
}

extension ResponderSettings {
  package static var underTest: ResponderSettings {
    ResponderSettings(version: "Rollcall under test", serverID: "unit-7")
  }
}

extension RRset {
  /// An RRset from lines of one owner and type.
  package init(_ text: String) {
    let records = ZoneText(text, origin: .root).records
    self.init(
      owner: records[0].owner, type: records[0].type, ttl: records[0].ttl,
      rdata: records.map(\.rdata))
  }
}
