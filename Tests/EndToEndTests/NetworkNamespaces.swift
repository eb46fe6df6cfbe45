// Two network namespaces with a cable between them: a server's machine and its neighbour.

import Foundation
import Glibc
import TestSupport

/// They last as long as the site's programs. Every port is free in them. Without root this needs
/// a kernel that gives namespaces to users.
struct NetworkNamespaces {
  /// The addresses at the server's end of the cable.
  static let serverAddresses = [
    "192.0.2.1", "192.0.2.2", "198.51.100.7", "2001:db8::1", "2001:db8::2", "2001:db8:7::7",
  ]
  /// One that only exists on its link, as its neighbour writes it.
  static let linkLocalAddress = "fe80::53%outer"
  static let neighbourAddresses = (v4: "192.0.2.100", v6: "2001:db8::100")

  private static let isRoot = geteuid() == 0

  let site: Site
  private let server: Child
  private let neighbour: Child

  init(_ site: Site) async throws {
    self.site = site
    let user = Self.isRoot ? [] : ["--user", "--map-root-user"]
    neighbour = try await Self.hold(
      "neighbour", by: ["unshare"] + user + ["--net"], setup: "ip link set lo up", site)
    // A second namespace of the same user, so that the cable may lead from one to the other.
    let inside = Self.isRoot ? [] : Self.enter(neighbour, "--user", "--preserve-credentials")
    let addresses = Self.serverAddresses.map { Self.addressCommand($0, device: "inner") }
    server = try await Self.hold(
      "server", by: inside + ["unshare", "--net"],
      setup: """
        ip link set lo up
        ip link add inner type veth peer name outer netns \(neighbour.pid)
        \(addresses.joined(separator: "\n"))
        ip -6 address add fe80::53/64 dev inner nodad
        ip link set inner up
        """, site)
    let ends = [Self.neighbourAddresses.v4, Self.neighbourAddresses.v6]
    let setup = """
      \(ends.map { Self.addressCommand($0, device: "outer") }.joined(separator: "\n"))
      ip link set outer up
      ip route add 198.51.100.0/24 dev outer src \(ends[0])
      ip route add 2001:db8:7::/64 dev outer src \(ends[1])
      """
    let output = try await site.run(atNeighbour(["sh", "-ec", setup]))
    guard output.isSuccess else { throw Failure("the neighbour: \(output.errors)") }
  }

  /// The command that runs this one on the server's machine.
  func atServer(_ command: [String]) -> [String] { Self.enter(server) + command }

  /// The command that runs this one on the neighbour's machine.
  func atNeighbour(_ command: [String]) -> [String] { Self.enter(neighbour) + command }

  private static func enter(_ holder: Child, _ options: String...) -> [String] {
    let kinds = isRoot ? ["--net"] : ["--user", "--net", "--preserve-credentials"]
    return ["nsenter", "--target", "\(holder.pid)"] + (options.isEmpty ? kinds : options)
  }

  private static func addressCommand(_ address: String, device: String) -> String {
    // No other machine can have it, so nothing is to be found out about that first.
    let suffix = address.contains(":") ? "/64 dev \(device) nodad" : "/24 dev \(device)"
    return "ip address add \(address)\(suffix)"
  }

  /// Makes a namespace by the command and keeps it by a program that does nothing.
  private static func hold(
    _ name: String, by command: [String], setup: String, _ site: Site
  ) async throws -> Child {
    let script = "\(setup)\necho made\nexec sleep 300"
    let child = try site.start(
      command + ["sh", "-ec", script], output: "\(name)-output", errors: "\(name)-errors")
    try await wait(for: "the network namespace of the \(name)") {
      guard child.end == nil else {
        throw Failure("no network namespace: \(Site.text(of: site.path("\(name)-errors")))")
      }
      return Site.text(of: site.path("\(name)-output")) == "made\n"
    }
    return child
  }
}

extension NetworkNamespaces {
  /// Starts a server of the site's zone files that listens here, at port 53.
  func startServer(
    _ dns: [String], http: String = "127.0.0.1:8053", environment: [String: String] = [:]
  ) async throws -> RunningServer {
    let logName = "log-\(UUID().uuidString)"
    let child = try site.start(
      atServer(
        [Site.program, "serve", "--http", http, "--data", "data", "--zones", "zones"]
          + ["--ns-address", "192.0.2.1"] + dns.flatMap { ["--dns", $0] }),
      environment: environment, output: "serve-output", errors: logName)
    let ready = try await site.readyLine(of: child, log: logName)
    return RunningServer(site: site, child: child, ready: ready, logName: logName)
  }

  /// What the server's machine has counted of IPv4 or IPv6, by the kernel's name for it.
  func count(_ name: String) async throws -> Int {
    let text = try await site.run(atServer(["nstat", "--zeros", "--ignore", "--noupdate", name]))
    let fields = text.text.split(separator: "\n").map { $0.split(separator: " ") }
    guard let line = fields.first(where: { $0.first == name[...] }), line.count > 1,
      let count = Int(line[1])
    else { throw Failure("nstat \(name): \(text.text)\(text.errors)") }
    return count
  }
}

/// Calls `body` with a server's machine and its neighbour.
func withNetworkNamespaces(_ body: (NetworkNamespaces) async throws -> Void) async throws {
  try await withSite { site in
    // An answer of 1,186 octets without an OPT record.
    let many = (1...72).map { "many A 192.0.2.\($0)\n" }.joined()
    try site.write(ZoneFileText.example + many, to: "zones/example.org.zone")
    try await body(try await NetworkNamespaces(site))
  }
}
