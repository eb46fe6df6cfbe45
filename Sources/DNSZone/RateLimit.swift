// How many replies a network may get over UDP, as a rule over numbers alone.

package import DNSWire

/// What an operator can set about the rate of replies (response rate limiting).
///
/// A query over UDP may come from anywhere in the name of a victim. So replies are counted by the
/// network that they go to, not by what they say.
package struct RateLimit: Sendable {
  /// Replies a second to each network, and as many at once after a second without any.
  package var perSecond: Int
  /// Each so many-th limited reply is a short one that sends an honest client on to TCP or gives
  /// it a cookie; the others are not sent. 1 sends a short one always, 0 never.
  package var slip: Int
  /// Networks that are not limited.
  package var exempt: [AddressPrefix]

  /// Bits of an address that tell its network: that of one site, as a rule.
  static let v4PrefixLength = 24
  static let v6PrefixLength = 56
  /// The most that can be set for ``perSecond``: a finer interval could not be told apart.
  package static let perSecondLimit = 100_000
  /// The most that can be set for ``slip``.
  package static let slipLimit = 100

  package init(perSecond: Int, slip: Int, exempt: [AddressPrefix]) {
    precondition((1...Self.perSecondLimit).contains(perSecond) && slip >= 0)
    self.perSecond = perSecond
    self.slip = slip
    self.exempt = exempt
  }

  static func network(of client: IPAddress) -> AddressPrefix {
    AddressPrefix(of: client, length: client.isV4 ? v4PrefixLength : v6PrefixLength)
  }
}

/// The replies that a network got, as the moment at which they are worked off.
///
/// Each reply takes its share of a second to work off; a reply is within the rate while no more
/// than a second's worth is not worked off. One number says it all, so it can be changed by one
/// atomic store.
struct ReplyAllowance {
  /// A moment in units of 64 ns, modulo 2^40: it comes round after 19 hours.
  typealias Moment = UInt64

  static let bits: UInt64 = 40
  static let mask: UInt64 = 1 << bits - 1
  private static let nanosecondShift: BootTime = 6
  private static let second: UInt64 = 1_000_000_000 >> 6

  /// That one reply takes, and that a second's worth of them takes.
  private let share: UInt64
  private let most: UInt64

  init(perSecond: Int) {
    share = Self.second / UInt64(perSecond)
    most = share * UInt64(perSecond)
  }

  static func moment(_ time: BootTime) -> Moment {
    UInt64(truncatingIfNeeded: time >> nanosecondShift) & mask
  }

  /// - Parameter end: when all earlier replies are worked off.
  /// - Returns: when all are worked off with one more; nil if that would be more than the rate.
  func adding(to end: Moment, now: Moment) -> Moment? {
    let backlog = Self.backlog(until: end, now: now) + share
    return backlog <= most ? (now &+ backlog) & Self.mask : nil
  }

  /// How far `end` lies ahead. What lies further ahead than two seconds is past: no backlog is
  /// longer than one, and a thread may be a little behind the time at which another one added.
  static func backlog(until end: Moment, now: Moment) -> UInt64 {
    let ahead = (end &- now) & mask
    return ahead <= 2 * second ? ahead : 0
  }
}
