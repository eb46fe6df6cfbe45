// A running server and the ordinary clients that talk to it.

import DNSWire
import Foundation
import TestSupport

/// A server that has said that it is ready.
struct RunningServer {
  let site: Site
  let child: Child
  let ready: ReadyLine
  /// The file in the site's directory that it logs to.
  let logName: String

  var log: String { Site.text(of: site.path(logName)) }

  /// Where it answers DNS queries.
  var dns: DNSClient { DNSClient(port: ready.dnsPort) }
}

/// The line that says where a server listens.
struct ReadyLine {
  let line: String
  let dns: String
  let http: String
  let zone: String

  init?(_ line: Substring) {
    self.line = String(line)
    let fields: [String: String]
    if line.hasPrefix("{") {
      guard let object = try? JSONDecoder().decode([String: String].self, from: Data(line.utf8)),
        object["message"] == "ready"
      else { return nil }
      fields = object
    } else {
      let words = line.split(separator: " ")
      guard words.contains("ready") else { return nil }
      let pairs = words.map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
      fields = Dictionary(
        pairs.filter { $0.count == 2 }.map { ($0[0], $0[1]) }, uniquingKeysWith: { $1 })
    }
    guard let dns = fields["dns"], let http = fields["http"], let zone = fields["zone"] else {
      return nil
    }
    (self.dns, self.http, self.zone) = (dns, http, zone)
  }

  var dnsPort: UInt16 { Self.port(dns) }
  var httpPort: UInt16 { Self.port(http) }

  private static func port(_ address: String) -> UInt16 {
    address.split(separator: ":").last.flatMap { UInt16($0) } ?? 0
  }
}

// MARK: Start and end

extension Site {
  /// Starts `rollcall serve` on ports that the kernel picks and waits until it is ready.
  func startServer(
    _ arguments: [String] = [], environment: [String: String] = [:], dns: String = "127.0.0.1:0",
    http: String = "127.0.0.1:0"
  ) async throws -> RunningServer {
    let logName = "log-\(UUID().uuidString)"
    let child = try start(
      [Self.program, "serve", "--dns", dns, "--http", http, "--data", "data", "--zones", "zones"]
        + arguments, environment: environment, output: "serve-output", errors: logName)
    let ready = try await readyLine(of: child, log: logName)
    return RunningServer(site: self, child: child, ready: ready, logName: logName)
  }

  /// Waits until a server says that it is ready; throws what it says instead.
  func readyLine(of child: Child, log logName: String) async throws -> ReadyLine {
    var ready: ReadyLine?
    try await wait(for: "a ready server") {
      let end = child.end
      let log = Self.text(of: path(logName))
      ready = log.split(separator: "\n").lazy.compactMap { ReadyLine($0) }.first
      if ready == nil, let end { throw Failure("the server ended with \(end): \(log)") }
      return ready != nil
    }
    return ready!
  }
}

extension RunningServer {
  func kill() {
    child.kill()
  }

  /// Starts a server on the same ports and data.
  func startAgain(_ arguments: [String] = []) async throws -> RunningServer {
    var server: RunningServer?
    // While nobody listened, the kernel may have lent a port to a client for a moment.
    try await wait(for: "the ports being free again", within: .seconds(10)) {
      do {
        server = try await site.startServer(arguments, dns: ready.dns, http: ready.http)
      } catch let error as Failure where error.description.contains("in use") {}
      return server != nil
    }
    return server!
  }

  /// What happens to a server without a warning, and its next start.
  func killAndStartAgain() async throws -> RunningServer {
    kill()
    return try await startAgain()
  }
}

// MARK: HTTP

extension RunningServer {
  struct Reply {
    let status: Int
    let contentType: String
    let body: String

    /// A member of the body's object: a string, or another value as JSON.
    subscript(_ name: String) -> String? {
      guard let object = try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any],
        let value = object[name]
      else { return nil }
      if let text = value as? String { return text }
      let json = try? JSONSerialization.data(
        withJSONObject: value, options: [.sortedKeys, .fragmentsAllowed])
      return json.map { String(decoding: $0, as: UTF8.self) }
    }

    var revision: Int? { self["revision"].flatMap { Int($0) } }
  }

  func curl(_ method: String, _ path: String, _ json: String? = nil) async throws -> Reply {
    let body = json.map { ["--json", $0] } ?? []
    let format = "\n%{http_code} %{content_type}"
    let output = try await site.run(
      ["curl", "-sS", "--noproxy", "*", "--max-time", "15", "-w", format, "-X", method] + body
        + ["http://\(ready.http)\(path)"])
    guard output.isSuccess else { throw Failure("curl: \(output.end) \(output.errors)") }
    var lines = output.text.components(separatedBy: "\n")
    let words = (lines.popLast() ?? "").split(separator: " ", maxSplits: 1)
    return Reply(
      status: words.first.flatMap { Int($0) } ?? 0,
      contentType: words.count > 1 ? String(words[1]) : "", body: lines.joined(separator: "\n"))
  }

  func put(_ service: String, _ id: String, _ json: String) async throws -> Reply {
    try await curl("PUT", "/v1/services/\(service)/instances/\(id)", json)
  }

  /// Registers an instance that the test needs.
  @discardableResult
  func register(_ service: String, _ id: String, _ json: String) async throws -> Reply {
    let reply = try await put(service, id, json)
    guard reply.status == 201 else { throw Failure("not 201: \(reply)") }
    return reply
  }

  /// web-1, web-2 and web-3 with the addresses 10.0.0.1 to 10.0.0.3 and port 8080.
  func registerThree(lease: String = "300") async throws {
    for number in 1...3 {
      try await register(
        "web", "web-\(number)",
        #"{"address": "10.0.0.\#(number)", "port": 8080, "lease_seconds": \#(lease)}"#)
    }
  }
}

// MARK: DNS

extension RunningServer {
  func dig(_ arguments: String...) async throws -> DigOutput {
    try await dig(arguments)
  }

  func dig(_ arguments: [String]) async throws -> DigOutput {
    let output = try await site.run(
      ["dig", "@127.0.0.1", "-p", "\(ready.dnsPort)", "+tries=1", "+time=10"] + arguments)
    guard output.isSuccess else { throw Failure("dig: \(output.end) \(output.text)") }
    return DigOutput(output.text)
  }

  /// The lines of `dig +short`.
  func digShort(_ arguments: String...) async throws -> [String] {
    let output = try await site.run(
      ["dig", "@127.0.0.1", "-p", "\(ready.dnsPort)", "+tries=1", "+time=10", "+short"]
        + arguments)
    guard output.isSuccess else { throw Failure("dig: \(output.end) \(output.text)") }
    return output.text.split(separator: "\n").map(String.init)
  }

  /// The service zone's serial.
  func serial() async throws -> UInt32 {
    let soa = try await digShort(ready.zone, "SOA").first ?? ""
    let fields = soa.split(separator: " ")
    guard fields.count == 7, let serial = UInt32(fields[2]) else { throw Failure("SOA: \(soa)") }
    return serial
  }
}
