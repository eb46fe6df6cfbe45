// Settings that are set beside those that stay.

import JSONText
import Testing

@testable import APIClient

@Suite("A change of some settings") struct ServiceSettingsChangeTests {
  @Test("What is not named stays; null is as for all services")
  func applied() throws {
    let change = ServiceSettingsChange([("ttl_seconds", .integer(30))])
    #expect(change.applied(to: nil).line == #"{"ttl_seconds":30,"max_answers":null}"#)
    let current = ServiceSettingsChange([("max_answers", .integer(4))]).applied(to: nil)
    #expect(change.applied(to: current).line == #"{"ttl_seconds":30,"max_answers":4}"#)
    let reset = ServiceSettingsChange([("max_answers", .null)])
    #expect(reset.applied(to: current).line == #"{"ttl_seconds":null,"max_answers":null}"#)
  }
}
