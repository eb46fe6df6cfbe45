// The whole path of a query: octets in, reply out.

import DNSWire
import DNSZone
import TestSupport

/// Answers messages from zones that have every feature.
///
/// The first octet of an input is how the rest comes: its lowest bit chooses TCP, the next one says
/// that the server is under load, the others are the time in fifths of a second, so that leases
/// have ended or not.
struct ReplyTarget {
  /// Turns that are tried with fresh zones, to see whether a failure depends on the inputs before.
  private static let turnLimit = 200

  private let zones = ReplyZones()
  private let domain: ZoneDomain

  init() {
    domain = zones.publish()
  }

  func check(_ input: [UInt8]) throws(Violation) {
    do throws(Violation) {
      try Self.check(input, domain)
    } catch {
      throw Violation("\(error) (\(repetition(of: input)))")
    }
  }

  private static func check(_ input: [UInt8], _ domain: ZoneDomain) throws(Violation) {
    guard let manner = input.first else { return }
    let query = Array(input.dropFirst())
    let isUDP = manner & 1 == 0
    let time = BootTime(manner >> 2) * 200_000_000
    let reply = try ask(
      query, domain, isUDP: isUDP, at: time, isUnderLoad: manner & 2 != 0)
    _ = try ReplyCheck.read(reply, to: query, isUDP: isUDP)
  }

  /// Earlier inputs have taken turns of the RRsets, so the order of records is never the same.
  private func repetition(of input: [UInt8]) -> String {
    let fresh = zones.publish()
    for turn in 1...Self.turnLimit {
      do throws(Violation) {
        try Self.check(input, fresh)
      } catch {
        return "seen again when fresh zones are asked for the \(turn). time"
      }
    }
    return "not seen when fresh zones are asked \(Self.turnLimit) times"
  }

  /// The octets of the reply to `query`. Everything that is fuzzed asks here.
  static func ask(
    _ query: [UInt8], _ domain: ZoneDomain, isUDP: Bool, at time: BootTime,
    isUnderLoad: Bool = false
  ) throws(Violation) -> [UInt8] {
    guard let responder = Responder(domain: domain, settings: settings) else {
      throw Violation("a domain has no room for a reader")
    }
    return responder.reply(to: query, isUDP: isUDP, at: time, isUnderLoad: isUnderLoad)
  }

  /// With a secret that never changes: the corpus has cookies that were made with it.
  private static let settings: ResponderSettings = {
    var settings = ResponderSettings.underTest
    settings.cookieRequirement = .underLoad
    if let secret = SipHash.Key(octets: Array(0..<16)) {
      settings.serverCookie = ServerCookie(secret: secret)
    }
    return settings
  }()
}
