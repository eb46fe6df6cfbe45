// What becomes of root's privileges, and of the limits that the system sets.

import Foundation
import Glibc
import TestSupport
import Testing

private let isRoot = geteuid() == 0

extension EndToEnd {
  @Suite("Privileges")
  struct Privilege {
    @Test("Started by root it goes on as the user, whole and for good", .enabled(if: isRoot))
    func otherUser() async throws {
      try await withSite { site in
        let server = try await site.startServer(["--user", "nobody"])
        try await server.registerThree()
        let tasks = "/proc/\(server.child.pid)/task"
        for task in try FileManager.default.contentsOfDirectory(atPath: tasks) {
          let status = ProcessStatus("\(tasks)/\(task)/status")
          #expect(Set(status["Uid"]) == [user("nobody").uid])
          #expect(Set(status["Gid"] + status["Groups"]) == [user("nobody").gid])
          for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
            #expect(status[set] == ["0000000000000000"])
          }
          #expect(status["NoNewPrivs"] == ["1"])
        }
        for name in ["data", "data/rollcall.db"] {
          let owner = try FileManager.default.attributesOfItem(atPath: site.path(name))
          #expect(owner[.ownerAccountName] as? String == "nobody")
        }
        #expect(!server.log.contains("running as root"))
        try site.write(ZoneFileText.example, to: "zones/example.org.zone")
        #expect(try await server.curl("POST", "/v1/zones/reload").status == 200)
      }
    }

    @Test("For a low port it keeps the one privilege to bind it", .enabled(if: isRoot))
    func lowPort() async throws {
      try await withNetworkNamespaces { machines in
        let child = try machines.site.start(
          machines.atServer(
            [Site.program, "serve", "--user", "nobody", "--dns", "127.0.0.1:53"]
              + ["--http", "127.0.0.1:80", "--data", "data"]),
          output: "output", errors: "log")
        let ready = try await machines.site.readyLine(of: child, log: "log")
        #expect(ready.dnsPort == 53 && ready.httpPort == 80)
        let status = ProcessStatus("/proc/\(child.pid)/status")
        #expect(Set(status["Uid"]) == [user("nobody").uid])
        #expect(status["CapEff"] == ["0000000000000400"])
        let answer = try await machines.site.run(
          machines.atServer(["dig", "+short", "@127.0.0.1", "ns.mesh.internal", "A"]))
        #expect(answer.text == "127.0.0.1\n")
      }
    }

    @Test("A user that it can't become or use is refused by name", .enabled(if: isRoot))
    func wrongUser() async throws {
      try await withSite { site in
        let serve = [Site.program, "serve", "--dns", "127.0.0.1:0", "--http", "127.0.0.1:0"]
        for (name, reason) in [("no-such-user", "no user"), ("root", "all privileges")] {
          expectOneLine(
            try await site.run(serve + ["--user", name]), naming: ["user", name, reason])
        }
        let asNobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        expectOneLine(
          try await site.run(asNobody + serve + ["--user", "daemon"]),
          naming: ["user", "daemon", "by root only"])
      }
    }

    @Test("What the user may not use or read is said at the start", .enabled(if: isRoot))
    func unreadable() async throws {
      try await withSite { site in
        try site.write(ZoneFileText.example, to: "zones/example.org.zone")
        chmod(site.path("zones/example.org.zone"), 0o600)
        let arguments = ["serve", "--user", "nobody", "--dns", "127.0.0.1:0"]
        let check = try await site.rollcall(arguments + ["--zones", "zones", "--check"])
        #expect(!check.isSuccess && !site.exists("rollcall-data"))
        #expect(check.errors.contains(".zone: cannot be read: Permission denied"), "\(check)")

        mkdir(site.path("data"), 0o750)
        expectOneLine(
          try await site.rollcall(arguments + ["--data", "data", "--http", "127.0.0.1:0"]),
          naming: ["data", "chown -R nobody: data"])
        try site.write("workers: 1\n", to: "conf.yaml")
        chmod(site.path("conf.yaml"), 0o600)
        expectOneLine(
          try await site.rollcall(arguments + ["--config", "conf.yaml", "--check"]),
          naming: ["conf.yaml", "may not read"])
      }
    }

    @Test("As root without a user it warns", .enabled(if: isRoot))
    func rootWarning() async throws {
      try await withSite { site in
        let server = try await site.startServer()
        #expect(server.log.contains("running as root"))
      }
    }

    @Test("Too few descriptors are said at start, with the number that is needed")
    func fewDescriptors() async throws {
      try await withSite { site in
        // Root could raise the limit itself. The tests' own descriptors are among the child's.
        let command =
          (isRoot ? ["setpriv", "--bounding-set=-sys_resource"] : [])
          + ["prlimit", "--nofile=1500:1500", Site.program, "serve", "--workers", "2"]
          + ["--dns", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data", "data"]
        let child = try site.start(command, output: "output", errors: "log")
        _ = try await site.readyLine(of: child, log: "log")
        let log = Site.text(of: site.path("log"))
        // 3 sockets for DNS, 1,000 connections over TCP, 1 + 1,000 + 20,000 for HTTP, 256 others.
        #expect(log.contains("LimitNOFILE="), "\(log)")
        #expect(log.contains("allowed=1500 needed=22260 watchers=375"), "\(log)")
      }
    }

    @Test("No core file may be written, and the descriptors are as many as are allowed")
    func limits() async throws {
      try await withSite { site in
        let command =
          ["sh", "-c", "ulimit -S -n 300; ulimit -c unlimited 2>/dev/null; exec \"$@\"", "sh"]
          + [Site.program, "serve", "--dns", "127.0.0.1:0", "--http", "127.0.0.1:0"]
        let child = try site.start(command, output: "output", errors: "log")
        _ = try await site.readyLine(of: child, log: "log")
        let limits = Site.text(of: "/proc/\(child.pid)/limits").split(separator: "\n")
        let core = limits.first { $0.hasPrefix("Max core file size") }?.split(separator: " ")
        #expect(core?[4] == "0")
        let files = limits.first { $0.hasPrefix("Max open files") }?.split(separator: " ")
        #expect(files?[3] == files?[4])
        // With up to 64 workers.
        let allowed = files.flatMap { Int($0[4]) } ?? 0
        #expect(
          !Site.text(of: site.path("log")).contains("too few descriptors") || allowed < 22_400)
      }
    }

    private func user(_ name: String) -> (uid: String, gid: String) {
      let entry = getpwnam(name).pointee
      return ("\(entry.pw_uid)", "\(entry.pw_gid)")
    }
  }
}

/// The fields of a status file in /proc.
private struct ProcessStatus {
  private let fields: [String: [String]]

  init(_ path: String) {
    let lines = Site.text(of: path).split(separator: "\n").map { $0.split(separator: ":") }
    fields = Dictionary(
      lines.filter { $0.count == 2 }.map { line in
        (String(line[0]), line[1].split(whereSeparator: \.isWhitespace).map(String.init))
      }, uniquingKeysWith: { $1 })
  }

  subscript(_ name: String) -> [String] { fields[name] ?? [] }
}
