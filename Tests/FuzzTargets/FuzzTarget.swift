// What can be fuzzed, by name: octets in, a violated property out.

/// A property that octets from outside must not be able to break.
///
/// The fuzzer and the replay of the corpus run the same checks.
package enum FuzzTarget: String, CaseIterable, Sendable {
  /// A message in, its reply out: `ReplyTarget`.
  case reply
  /// Replies of other servers, and what of them is passed on: `ForeignTarget`.
  case foreign
  /// Domain names in both forms: `NameTarget`.
  case name
  /// Zone files in, the zone's answers out: `ZoneFileTarget`.
  case zone

  /// Runs one input after another; made once for each thread.
  package typealias Check = (_ input: [UInt8]) throws(Violation) -> Void

  /// - Throws: when a temporary directory can't be made.
  package func makeCheck() throws(Violation) -> Check {
    switch self {
    case .reply: ReplyTarget().check
    case .foreign: ForeignTarget.check
    case .name: NameTarget.check
    case .zone: try ZoneFileTarget().check
    }
  }
}

/// The property that an input has broken.
package struct Violation: Error, CustomStringConvertible {
  package let description: String

  init(_ description: String) {
    self.description = description
  }
}

/// - Throws: a violation with `property` unless the condition holds.
func require(
  _ condition: Bool, _ property: @autoclosure () -> String
) throws(Violation) {
  guard condition else { throw Violation(property()) }
}
