// What curl received.

import Foundation
import TestSupport

struct Reply {
  let status: Int
  /// By name in lower case.
  let headers: [String: String]
  let body: String

  /// The body of an error (RFC 9457).
  struct Problem: Decodable {
    let type: String
    let title: String
    let status: Int
    let detail: String
    let field: String?
    let limit: Int?
    let outcome: String?
  }

  func problem() throws -> Problem {
    try JSONDecoder().decode(Problem.self, from: Data(body.utf8))
  }

  struct Instance: Decodable {
    let id: String
    let addresses: [String]
    let revision: Int
    let status: String
    let weight: Int
    let warnings: [String]?
    let safeAt: String?

    private enum CodingKeys: String, CodingKey {
      case id, addresses, revision, status, weight, warnings
      case safeAt = "safe_at"
    }
  }

  func instance() throws -> Instance {
    try JSONDecoder().decode(Instance.self, from: Data(body.utf8))
  }

  func json() throws -> JSONTree {
    try JSONTree(body)
  }

  struct CurlError: Error {
    let end: Child.End
  }

  /// Runs curl with `arguments` and `body` as its input.
  static func fromCurl(_ arguments: [String], body: Data?) async throws -> Reply {
    let directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("RegistryAPITests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: directory) }
    // Files, because a pipe's writer waits for its reader.
    let input = directory.appendingPathComponent("input")
    let output = directory.appendingPathComponent("output")
    try (body ?? Data()).write(to: input)
    let curl = try Child(
      ["curl", "-sS", "-i", "--noproxy", "*", "--max-time", "300", "--path-as-is"] + arguments,
      environment: ProcessInfo.processInfo.environment, directory: directory.path,
      input: input.path, output: output.path, errors: "/dev/null")
    defer { curl.kill() }
    let end = try await curl.waitForEnd(within: .seconds(300))
    guard end == .exit(0) else { throw CurlError(end: end) }
    return try Reply(Data(contentsOf: output))
  }

  private struct MalformedReply: Error {}

  private init(_ octets: Data) throws {
    guard let end = octets.firstRange(of: Data("\r\n\r\n".utf8)) else { throw MalformedReply() }
    var lines = String(decoding: octets[..<end.lowerBound], as: UTF8.self)
      .components(separatedBy: "\r\n")
    let statusLine = lines.removeFirst().components(separatedBy: " ")
    guard statusLine.count >= 2, let status = Int(statusLine[1]) else { throw MalformedReply() }
    self.status = status
    headers = Dictionary(
      lines.compactMap { line in
        line.firstIndex(of: ":").map { colon in
          let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
          return (line[..<colon].lowercased(), value)
        }
      }, uniquingKeysWith: { "\($0), \($1)" })
    body = String(decoding: octets[end.upperBound...], as: UTF8.self)
  }
}
