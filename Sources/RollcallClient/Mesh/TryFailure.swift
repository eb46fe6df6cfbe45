// Why a try of a call was no success.

/// One try that failed, as the decision about a retry sees it.
package struct TryFailure: Error, CustomStringConvertible {
  package enum Kind: Sendable {
    /// The time of the try was over.
    case timedOut
    /// The request has surely not reached the instance.
    case notSent
    /// The instance may have carried the request out.
    case lost
    /// The instance said that it can't serve now (502, 503 or 504).
    case unavailable
  }

  package var kind: Kind
  /// How long the instance wants to be left alone.
  package var retryAfter: Duration?
  package var underlying: (any Error)?

  package init(_ kind: Kind, retryAfter: Duration? = nil, underlying: (any Error)? = nil) {
    self.kind = kind
    self.retryAfter = retryAfter
    self.underlying = underlying
  }

  /// - Parameter error: what an operation threw.
  init(_ error: any Error) {
    switch error {
    case let failure as TryFailure: self = failure
    case let error as RequestNotSent: self = TryFailure(.notSent, underlying: error.underlying)
    default: self = TryFailure(.lost, underlying: error)
    }
  }

  package var description: String {
    let cause = underlying.map { ": \($0)" } ?? ""
    return switch kind {
    case .timedOut: "no reply in the time of the try"
    case .notSent: "the request could not be sent" + cause
    case .lost: "the request failed" + cause
    case .unavailable: "the instance can't serve now"
    }
  }
}
