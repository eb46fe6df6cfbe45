// The registry's errors as the client is told of them.

import DNSWire
import HTTPTypes
import JSONText
import ServiceRegistry

extension Problem {
  /// - Parameter key: the instance that was to be changed; it may have to be registered again.
  init(_ error: RegistryError, of key: InstanceKey) {
    switch error {
    case .unknownInstance(key): self = .unknownInstance(key, remedy: "; register it again")
    default: self.init(error)
    }
  }

  init(_ error: RegistryError) {
    switch error {
    case .badName(let kind, let name, let fault):
      self = .badField(kind.rawValue, "'\(name)' \(fault)")
    case .badField(let field, let fault):
      self = .badField(field, fault)
    case .nameTooLong(let kind, let name):
      self = .badField(
        kind.rawValue,
        "the owner name '\(name)' would be longer than \(DomainName.lengthLimit) octets",
        limit: DomainName.lengthLimit)
    case .unknownService(let service):
      self = .unknownService(service)
    case .unknownInstance(let key):
      self = .unknownInstance(key)
    case .nameTaken(let name, let holder):
      self = Problem(
        status: .conflict, kind: "name-taken", title: "A name is held by something else",
        detail: "\(name) belongs to \(holder)")
    case .nameCovered(let registered, let holder):
      self = Problem(
        status: .conflict, kind: "name-covered", title: "A zone file would take a registered name",
        detail: "nothing was reloaded: the zone files' records at \(holder) would leave no room for"
          + " the registered name \(registered)")
    case .rrsetTooLarge(let name):
      self = .rrsetTooLarge(name)
    case .limitReached(let what, let limit):
      self = Problem(
        status: HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage"),
        kind: "limit-reached", title: "The registry is full",
        detail: "there are \(limit) \(what) already", limit: limit)
    case .preconditionFailed(let revision):
      self = .preconditionFailed(revision)
    case .keyReused:
      self = Problem(
        status: .unprocessableContent, kind: "idempotency-key-reused",
        title: "The idempotency key belongs to another registration",
        detail: "an instance was registered with this key and another body, or was changed since;"
          + " use a new key for a new instance", field: "Idempotency-Key")
    case .busy:
      self = Problem(
        status: .serviceUnavailable, kind: "busy", title: "Too many changes are waiting",
        detail: "try again in a second", headers: [.retryAfter: "1"])
    case .tooManyWaiting(let limit):
      self = Problem(
        status: .serviceUnavailable, kind: "too-many-waiting", title: "Too many callers wait",
        detail: "nothing was changed; \(limit) callers wait already: ask without waiting, or again",
        limit: limit, headers: [.retryAfter: "1"])
    case .notCommitted(let reason, let isOutcomeUnknown):
      self = .notCommitted(reason, isOutcomeUnknown: isOutcomeUnknown)
    }
  }

  private static func preconditionFailed(_ revision: UInt64?) -> Problem {
    Problem(
      status: .preconditionFailed, kind: "precondition-failed",
      title: "What was to be changed is not as required",
      detail: revision.map { "nothing was changed: the revision is \($0)" }
        ?? "nothing was changed: there is none",
      headers: revision.map { [.eTag: EntityTag.text($0)] } ?? [:],
      members: [("revision", revision.map { .integer(Int($0)) } ?? .null)])
  }

  private static func unknownService(_ service: ServiceName) -> Problem {
    Problem(
      status: .notFound, kind: "unknown-service", title: "There is no such service",
      detail: "there is no service '\(service)'")
  }

  private static func unknownInstance(_ key: InstanceKey, remedy: String = "") -> Problem {
    Problem(
      status: .notFound, kind: "unknown-instance", title: "There is no such instance",
      detail: "there is no instance '\(key.id)' of service '\(key.service)'\(remedy)")
  }

  /// Somebody registered the instance while somebody else waited for it to be gone.
  static func drainEnded(_ key: InstanceKey) -> Problem {
    Problem(
      status: .conflict, kind: "drain-ended", title: "The drain was ended by a registration",
      detail: "instance '\(key.id)' of service '\(key.service)' was registered anew, and stays")
  }

  static let waitAbandoned = Problem(
    status: .serviceUnavailable, kind: "wait-abandoned", title: "The server stops",
    detail: "the instance goes on draining; ask for it when the server is back",
    headers: [.retryAfter: "1"])

  static func tooManyWatchers(limit: Int) -> Problem {
    Problem(
      status: .serviceUnavailable, kind: "too-many-watchers", title: "Too many callers watch",
      detail: "\(limit) callers watch already, or as many from this address: ask without waiting,"
        + " or again",
      limit: limit, headers: [.retryAfter: "1"])
  }

  private static func rrsetTooLarge(_ name: String) -> Problem {
    Problem(
      status: .conflict, kind: "rrset-too-large", title: "No DNS message could hold the answer",
      detail: "the records of \(name) would not fit into \(RegistryLimits.messageLength) octets;"
        + " set max_answers of the service, or spread the instances over several",
      limit: RegistryLimits.messageLength)
  }

  private static func notCommitted(_ reason: String, isOutcomeUnknown: Bool) -> Problem {
    Problem(
      status: .serviceUnavailable, kind: "not-committed", title: "The change could not be stored",
      detail: reason
        + (isOutcomeUnknown
          ? "; the change is not in effect, but may be after a restart: try again"
          : "; nothing was changed: try again"),
      outcome: isOutcomeUnknown ? "unknown" : "not-stored", headers: [.retryAfter: "1"])
  }
}

extension RegistryError {
  /// What is wrong, for people.
  package var explanation: String { Problem(self).detail }
}

extension Label {
  /// A label of a query; an error names the parameter that it stands in.
  init(_ text: String, kind: NameKind, field: String) throws(Problem) {
    do {
      try self.init(text, kind: kind)
    } catch .badName(_, let name, let fault) {
      throw .badField(field, "'\(name)' \(fault)")
    } catch {
      throw Problem(error)
    }
  }
}
