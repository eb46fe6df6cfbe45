// The promises that a simulated history must keep, by name.

/// What Rollcall promises, in few words.
package enum Promise: String, Sendable {
  case durable = "an acknowledged change survives a crash"
  case readYourWrites = "each query sees the changes acknowledged before it"
  case neverStale = "nothing is answered, or may be kept, past a lease's end"
  case dnsOutlivesStore = "queries are answered from memory whatever the store does"
  case exactRotation = "between changes every record comes first exactly its share"
  case nothingCutInSilence = "an incomplete answer says that it is"
  case existingNames = "a name that exists is never NXDOMAIN, one that is gone always"
  case restartEmptiesNothing = "restored leases run their full length again"
  case events = "who follows the events ends where the registry is"
  /// Beside the eight: numbers only go up, and replies say what was done.
  case replies = "replies tell the truth, revisions and serials only go up"
}

/// A promise that a history broke.
package struct BrokenPromise: Error, CustomStringConvertible {
  package let promise: Promise
  package let detail: String

  init(_ promise: Promise, _ detail: String) {
    self.promise = promise
    self.detail = detail
  }

  package var description: String { "\(promise.rawValue): \(detail)" }
}

/// Throws unless `condition` holds.
func expect(
  _ promise: Promise, _ condition: Bool, _ detail: @autoclosure () -> String
) throws(BrokenPromise) {
  guard condition else { throw BrokenPromise(promise, detail()) }
}
