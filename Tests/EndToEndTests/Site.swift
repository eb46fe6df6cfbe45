// Where one test's servers live: a directory of their own, and the programs started there.

import Foundation
import Synchronization
import TestSupport
import Testing

/// All tests that run the built program.
@Suite("The built program", .timeLimit(.minutes(5)))
enum EndToEnd {}

/// A fresh directory and everything that was started for a test.
final class Site: Sendable {
  let directory: String
  private let children = Mutex<[Child]>([])
  private let outputs = Mutex(0)

  fileprivate init() throws {
    let url = FileManager.default.temporaryDirectory
      .appendingPathComponent("EndToEndTests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: url.appendingPathComponent("zones"), withIntermediateDirectories: true)
    directory = url.path
  }

  fileprivate func close() {
    for child in children.withLock(\.self) { child.kill() }
    try? FileManager.default.removeItem(atPath: directory)
  }

  /// The program under test, which the build puts beside the tests.
  static let program: String = {
    let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    return tests.deletingLastPathComponent().appendingPathComponent("rollcall").path
  }()

  func path(_ name: String) -> String { "\(directory)/\(name)" }

  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path(name)))
  }

  func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

  /// What the file holds; nothing if it is not there.
  static func text(of path: String) -> String {
    let data = FileManager.default.contents(atPath: path)
    return String(decoding: data ?? Data(), as: UTF8.self)
  }

  /// Starts a program that ends by itself or with the test.
  func start(
    _ arguments: [String], environment: [String: String] = [:], output: String, errors: String
  ) throws -> Child {
    var variables = ProcessInfo.processInfo.environment.filter { name, _ in
      !name.hasPrefix("ROLLCALL_")
    }
    // What the user has set for dig, curl and others is not meant here.
    variables["HOME"] = directory
    variables["LC_ALL"] = "C"
    let child = try Child(
      arguments, environment: variables.merging(environment) { $1 }, directory: directory,
      output: path(output), errors: path(errors))
    children.withLock { $0.append(child) }
    return child
  }

  struct Output {
    let end: Child.End
    let text: String
    let errors: String

    var isSuccess: Bool { end == .exit(0) }
    var errorLines: [String] { errors.split(separator: "\n").map(String.init) }
  }

  /// Runs a program to its end.
  func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> Output {
    let number = outputs.withLock { number in
      number += 1
      return number
    }
    let child = try start(
      arguments, environment: environment, output: "output-\(number)", errors: "errors-\(number)")
    let end = try await child.waitForEnd()
    return Output(
      end: end, text: Self.text(of: path("output-\(number)")),
      errors: Self.text(of: path("errors-\(number)")))
  }

  /// Runs `rollcall` to its end, with free ports and this directory unless told otherwise.
  func rollcall(
    _ arguments: [String], environment: [String: String] = [:]
  ) async throws -> Output {
    try await run([Self.program] + arguments, environment: environment)
  }
}

/// Calls `body` with a site that is gone afterwards, whatever happens.
func withSite(_ body: (Site) async throws -> Void) async throws {
  await Gate.servers.enter()
  do {
    let site = try Site()
    defer { site.close() }
    try await body(site)
  } catch {
    await Gate.servers.leave()
    throw error
  }
  await Gate.servers.leave()
}
