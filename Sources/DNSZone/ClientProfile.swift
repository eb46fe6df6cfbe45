// What replies are like for clients that read them in a way of their own.

package import DNSWire

/// How replies differ from what is right for everybody else. Several can hold for one client.
package struct ClientProfile: OptionSet, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// musl's resolver keeps 48 addresses of an answer, and waits in vain after REFUSED, while a name
  /// error ends its search. So answers have 48 addresses at most, a window that turns as the order
  /// does, and names outside our zones get NXDOMAIN for REFUSED; the extended error still says why.
  package static let musl = ClientProfile(rawValue: 1)
  /// HAProxy divides the weights of SRV records by 256 and rounds up. So they are 256 times what
  /// was registered, 65,535 at most.
  package static let haproxy = ClientProfile(rawValue: 2)
  /// dnsmasq keeps replies only of servers that offer recursion. So RA is set, though it is not.
  package static let dnsmasq = ClientProfile(rawValue: 4)
  /// Whoever sorts addresses, or takes the first of a sorted list: each answer has one address, the
  /// first of its turn.
  package static let single = ClientProfile(rawValue: 8)

  /// By the names that an operator writes.
  package static let named: KeyValuePairs<String, ClientProfile> = [
    "musl": .musl, "haproxy": .haproxy, "dnsmasq": .dnsmasq, "single": .single,
  ]

  static let muslAddressLimit = 48
  static let haproxyWeightFactor = 256

  /// Records of an answer to a query for addresses; nil: all.
  var addressLimit: Int? {
    if contains(.single) { return 1 }
    return contains(.musl) ? Self.muslAddressLimit : nil
  }
}

/// Whom a profile is for.
package struct ProfileRule: Sendable {
  package enum Clients: Sendable {
    /// Those that ask at this of the server's addresses.
    case listener(Int)
    case prefix(AddressPrefix)
  }

  let profile: ClientProfile
  let clients: Clients

  package init(_ profile: ClientProfile, for clients: Clients) {
    self.profile = profile
    self.clients = clients
  }

  func holds(for client: IPAddress?, at listener: Int) -> Bool {
    switch clients {
    case .listener(let number): number == listener
    case .prefix(let prefix): client.map(prefix.contains) ?? false
    }
  }
}

extension ReplyOutcome {
  /// Makes the weights of the SRV records in the answer what HAProxy reads as they were registered.
  ///
  /// - Parameter start: where the answer section begins.
  func multiplyWeights(in reply: UnsafeMutableRawBufferPointer, at start: Int) {
    var position = start
    for _ in 0..<answers {
      let message = UnsafeRawBufferPointer(rebasing: reply[..<end])
      let span = message.assumingMemoryBound(to: UInt8.self).span
      guard let record = RecordPlace(span, at: position) else { return }
      position = record.end
      guard record.type(span) == .srv else { continue }
      // Priority comes before the weight (RFC 2782).
      let offset = record.rdataStart + 2
      let weight = Int(span.uint16(at: offset)) * ClientProfile.haproxyWeightFactor
      reply.baseAddress!.storeBigEndian(UInt16(clamping: weight), at: offset)
    }
  }
}
