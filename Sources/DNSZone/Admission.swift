// Whether a client is answered at all, decided before what it asks for is looked at.

import DNSWire

/// What becomes of a query because of whom it comes from.
enum Admission {
  case answer
  /// The client is none of those that are answered.
  case refuse
  /// Its network gets too many replies: this one is short, and tells an honest client how it can be
  /// told apart from a forger.
  case demandProof
  /// Its network gets too many replies.
  case drop
}

extension Responder {
  /// The rate comes first: whoever is refused could be a victim, too.
  func admit(_ request: Request) -> Admission {
    if request.isUDP, let limiter = settings.rateLimiter, let tally {
      switch judge(request, limiter, tally) {
      case .withinRate: break
      case .short: return .demandProof
      case .silence: return .drop
      }
    }
    return isAllowed(request) ? .answer : .refuse
  }

  /// A good server cookie shows that the address is not forged: such a client needs no limit and
  /// uses up nobody's (RFC 7873 section 5.2.5).
  private func judge(
    _ request: Request, _ limiter: RateLimiter, _ tally: RateLimitTally
  ) -> RateLimiter.Verdict {
    guard let client = request.clientAddress, !limiter.isExempt(client), !isProven(request) else {
      return .withinRate
    }
    return limiter.judge(client.unmapped, at: now, tally)
  }

  private func isAllowed(_ request: Request) -> Bool {
    guard !settings.allowedClients.isEmpty else { return true }
    guard let client = request.clientAddress else { return false }
    return settings.allowedClients.contains { $0.contains(client) }
  }
}
