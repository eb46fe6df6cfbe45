// Each call on a file fails once, then from there on: what was acknowledged is there all the same.

import Foundation
import RegistryStorage
import ServiceRegistry
import TestSupport
import Testing

@Suite("Each call on a file that fails") struct NthFailureTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let call: FaultyDisk.Call
    let code: Int32
    var isLasting = false

    var testDescription: String { "\(call), error \(code), \(isLasting ? "for good" : "once")" }
  }

  // SQLite's numbers, which it never changes.
  private static let (full, busy, cannotOpen): (Int32, Int32, Int32) = (13, 5, 14)
  private static let (readFailed, writeFailed): (Int32, Int32) = (266, 778)
  private static let syncFailed: Int32 = 1_034
  private static let (lockFailed, indexLockFailed): (Int32, Int32) = (3_850, 5_130)
  private static let indexMapFailed: Int32 = 5_386

  private static func both(_ cases: [(FaultyDisk.Call, Int32)]) -> [Case] {
    [false, true].flatMap { isLasting in
      cases.map { Case(call: $0.0, code: $0.1, isLasting: isLasting) }
    }
  }

  /// Lets the first call fail, then the second, until all is over before the n-th.
  private func eachCall(
    _ fault: Case, _ body: (FaultyDisk, FaultyDisk.Fault) async throws -> Void
  ) async throws {
    var number = 0
    var isHit = true
    while isHit {
      number += 1
      try await FaultyDisk.with { disk in
        let fault = FaultyDisk.Fault(
          call: fault.call, code: fault.code, first: number, isLasting: fault.isLasting)
        try await body(disk, fault)
        isHit = disk.hits > 0
      }
    }
    #expect(number > 1, "no call failed")
  }

  /// While the index is locked for good, SQLite itself waits ten seconds each time.
  static let commitCases =
    both([
      (.write, full), (.write, writeFailed), (.sync, syncFailed), (.lockIndex, indexLockFailed),
    ]) + [Case(call: .lockIndex, code: busy)]

  @Test("In a commit", arguments: commitCases)
  func commits(_ fault: Case) async throws {
    try await eachCall(fault) { disk, fault in
      var history = try await StoredHistory.begin(on: disk)
      disk.set(fault)
      try await run(&history, StoredHistory.commands[...], "\(fault)")
    }
  }

  static let replacementCases = both([
    (.open, cannotOpen), (.read, readFailed), (.write, full), (.write, writeFailed),
    (.sync, syncFailed), (.lock, lockFailed), (.lock, busy),
    (.mapIndex, indexMapFailed), (.lockIndex, indexLockFailed), (.rename, 1), (.remove, 1),
    (.syncDirectory, 1),
  ])

  @Test("In a replacement, after a commit whose sync has failed", arguments: replacementCases)
  func replacements(_ fault: Case) async throws {
    try await eachCall(fault) { disk, fault in
      var history = try await StoredHistory.begin(on: disk)
      try await history.send("web", "first", "10.0.0.9")
      disk.set(.init(call: .sync, code: Self.syncFailed, first: 1, isLasting: false))
      #expect(try await !history.send("web", "a", "10.0.0.7"))
      disk.set(fault)
      try await run(&history, StoredHistory.commands.prefix(3), "\(fault)")
    }
  }

  /// Commands while calls fail, and after that.
  private func run(
    _ history: inout StoredHistory, _ commands: ArraySlice<StoredHistory.Command>, _ place: String
  ) async throws {
    var isFirst = true
    for (service, id, address) in commands {
      if try await !history.send(service, id, address), isFirst {
        isFirst = false
        try await history.checkImages("\(place), after the first failure")
      }
    }
    try await history.recover()
    #expect(try await history.send("web", "last", "10.0.0.8"))
    try await history.checkImages("\(place), after the fault")
  }
}
