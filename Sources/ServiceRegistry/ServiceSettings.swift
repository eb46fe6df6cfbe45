// What an operator sets for one service.

import DNSZone

/// How a service is answered; what is nil is as for all services.
package struct ServiceSettings: Equatable, Sendable {
  /// Seconds that an answer may be kept at most.
  package let ttl: UInt32?
  /// Records of an A, AAAA or SRV answer at most. Answers take turns with what they hold.
  package let maxAnswers: Int?

  /// As if nothing was set.
  package static let usual = ServiceSettings()

  private init() {
    ttl = nil
    maxAnswers = nil
  }

  /// - Throws: `badField` for what is outside ``RegistryLimits/ttlSeconds`` or
  ///   ``RegistryLimits/maxAnswers``.
  package init(ttl: Int?, maxAnswers: Int?) throws(RegistryError) {
    func check(_ value: Int?, _ range: ClosedRange<Int>, _ field: String) throws(RegistryError) {
      guard let value, !range.contains(value) else { return }
      throw .badField(
        field, "must be a whole number from \(range.lowerBound) to \(range.upperBound), or null")
    }
    try check(ttl, RegistryLimits.ttlSeconds, "ttl_seconds")
    try check(maxAnswers, RegistryLimits.maxAnswers, "max_answers")
    self.ttl = ttl.map { UInt32($0) }
    self.maxAnswers = maxAnswers
  }
}

/// A TTL that answers had before it was made shorter: until a moment they may still be kept.
package struct FormerTTL: Equatable, Sendable {
  /// Seconds.
  package let seconds: UInt32
  package let until: WallTime

  package init(seconds: UInt32, until: WallTime) {
    self.seconds = seconds
    self.until = until
  }
}

extension ServiceRecord {
  /// Takes over other settings.
  ///
  /// - Parameter usualTTL: seconds, where a service sets none.
  mutating func set(_ settings: ServiceSettings, usualTTL: UInt32, at now: WallTime) {
    let before = self.settings.ttl ?? usualTTL
    let after = settings.ttl ?? usualTTL
    self.settings = settings
    guard after < before else { return }
    let kept = keptTTL(usualTTL: before, at: now)
    let until = max(now + WallTime(before) * 1_000, formerTTL?.until ?? now)
    formerTTL = FormerTTL(seconds: max(before, kept), until: until)
  }

  /// The most seconds for which an answer with an instance of the service may be kept that was
  /// given until `now`, under earlier settings too.
  func keptTTL(usualTTL: UInt32, at now: WallTime) -> UInt32 {
    let ttl = settings.ttl ?? usualTTL
    guard let formerTTL, now < formerTTL.until else { return ttl }
    return max(ttl, formerTTL.seconds)
  }

  /// Since when nothing keeps the service from being forgotten.
  var forgettableSince: WallTime? { settings == .usual ? emptySince : nil }
}
