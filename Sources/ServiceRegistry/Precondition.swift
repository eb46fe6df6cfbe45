// What must hold of an instance or a service for a change of it to be carried out.

/// Decided together with the change: no other change comes between.
package struct Precondition: Sendable, Equatable {
  /// Which revisions are meant.
  package enum Revisions: Sendable, Equatable {
    /// Whatever it is, as long as there is one.
    case any
    case listed([UInt64])

    func contains(_ revision: UInt64?) -> Bool {
      guard let revision else { return false }
      switch self {
      case .any: return true
      case .listed(let revisions): return revisions.contains(revision)
      }
    }
  }

  /// Those that the instance or service must have (RFC 9110 section 13.1.1); nil: any or none.
  package var match: Revisions?
  /// Those that it must not have (RFC 9110 section 13.1.2).
  package var noneMatch: Revisions?
  /// What an instance must be registered as, if it is there.
  package var registration: Registration?

  package init(
    match: Revisions? = nil, noneMatch: Revisions? = nil, registration: Registration? = nil
  ) {
    self.match = match
    self.noneMatch = noneMatch
    self.registration = registration
  }

  /// - Parameter instance: nil: there is none.
  /// - Returns: nil if it holds.
  func refusal(of instance: Instance?) -> RegistryError? {
    if let registration, let instance, instance.registration != registration { return .keyReused }
    return refusal(at: instance?.revision)
  }

  /// - Parameter revision: nil: there is nothing.
  /// - Returns: nil if it holds.
  func refusal(at revision: UInt64?) -> RegistryError? {
    let holds =
      (match?.contains(revision) ?? true) && !(noneMatch?.contains(revision) ?? false)
    return holds ? nil : .preconditionFailed(revision: revision)
  }
}
