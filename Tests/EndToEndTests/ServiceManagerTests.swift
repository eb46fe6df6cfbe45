// What a service manager such as systemd is told.

import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite("Service manager")
  struct ServiceManagerProtocol {
    @Test("It is told when the server answers, reloads and stops", arguments: [false, true])
    func life(isAbstract: Bool) async throws {
      try await withSite { site in
        let socket = try NotifySocket(
          isAbstract ? "@rollcall-\(UUID().uuidString)" : site.path("notify"))
        let server = try await site.startServer(environment: ["NOTIFY_SOCKET": socket.name])
        try await wait(for: "READY=1") { socket.count("READY=1") == 1 }
        #expect(socket.received == [["READY=1", "STATUS=answering for mesh.internal."]])
        #expect(try await server.dig("mesh.internal", "SOA").status == "NOERROR")

        server.child.send(SIGHUP)
        try await wait(for: "the end of the reload") { socket.count("READY=1") == 2 }
        let reload = socket.received.dropFirst()
        #expect(reload.map(\.first) == ["RELOADING=1", "READY=1"])
        #expect(reload.first?.last?.hasPrefix("MONOTONIC_USEC=") == true)
        #expect(server.log.contains("zones reloaded"))

        server.child.send(SIGTERM)
        #expect(try await server.child.waitForEnd() == .exit(0))
        #expect(
          socket.received.last == ["STOPPING=1", "STATUS=stopping", "EXTEND_TIMEOUT_USEC=15000000"])
      }
    }

    @Test("A socket that is none is said once and does not keep the server from its work")
    func wrongSocket() async throws {
      try await withSite { site in
        for name in ["notify", "/" + String(repeating: "n", count: 108)] {
          let server = try await site.startServer(environment: ["NOTIFY_SOCKET": name])
          #expect(server.log.contains("notify_socket=\(name)"))
          server.kill()
        }
        let server = try await site.startServer(
          environment: ["NOTIFY_SOCKET": site.path("nobody-listens")])
        try await wait(for: "the warning") { server.log.contains("READY=1") }
      }
    }

    @Test(
      "The watchdog is told of life until a thread that answers queries hangs, and again after",
      .enabled(if: ThreadHalt.isPossible))
    func watchdog() async throws {
      try await withSite { site in
        let socket = try NotifySocket(site.path("notify"))
        let server = try await site.startServer(
          ["--workers", "2"],
          environment: ["NOTIFY_SOCKET": socket.name, "WATCHDOG_USEC": "2000000"])
        try await wait(for: "three signs of life") { socket.count("WATCHDOG=1") >= 3 }

        let halt = try await ThreadHalt(of: "dns-udp-1", server)
        try await wait(for: "silence") { server.log.contains("a thread that answers UDP") }
        let before = socket.count("WATCHDOG=1")
        #expect(try await server.curl("GET", "/healthz").status == 200)
        try await wait(for: "more silence") {
          server.log.components(separatedBy: "a thread that answers UDP").count >= 3
        }
        #expect(socket.count("WATCHDOG=1") == before)

        halt.release()
        try await wait(for: "signs of life") { socket.count("WATCHDOG=1") >= before + 2 }
      }
    }

    @Test("The watchdog of another process is not told")
    func otherProcess() async throws {
      try await withSite { site in
        let socket = try NotifySocket(site.path("notify"))
        let environment = ["NOTIFY_SOCKET": socket.name, "WATCHDOG_USEC": "1"]
        // One that is told, as often as the server can, shows how long to wait.
        let other = try await site.startServer(
          environment: environment.merging(["WATCHDOG_PID": "1"]) { $1 })
        let told = try NotifySocket(site.path("told"))
        let server = try await site.startServer(
          ["--data", "data-of-another"],
          environment: ["NOTIFY_SOCKET": told.name, "WATCHDOG_USEC": "1"])
        try await wait(for: "signs of life") { told.count("WATCHDOG=1") >= 2 }
        #expect(socket.count("WATCHDOG=1") == 0)
        withExtendedLifetime((other, server)) {}
      }
    }
  }
}

/// A thread of a server that a debugger holds, as if it hung.
private struct ThreadHalt {
  private let debugger: Child

  /// Root may; others may where Yama does not forbid it.
  static let isPossible =
    geteuid() == 0
    || Site.text(of: "/proc/sys/kernel/yama/ptrace_scope").hasPrefix("0")

  private static let script = """
    import ctypes, os, signal, sys
    SEIZE, INTERRUPT, WALL = 0x4206, 0x4207, 0x40000000
    libc, tasks = ctypes.CDLL(None), f"/proc/{sys.argv[1]}/task"
    for task in os.listdir(tasks):
        with open(f"{tasks}/{task}/comm") as name:
            if name.read().strip() == sys.argv[2]:
                for request in (SEIZE, INTERRUPT):
                    assert libc.ptrace(request, int(task), None, None) == 0
                os.waitpid(int(task), WALL)
                print("held", flush=True)
    signal.pause()
    """

  init(of thread: String, _ server: RunningServer) async throws {
    let debugger = try server.site.start(
      ["python3", "-c", Self.script, "\(server.child.pid)", thread], output: "halt-output",
      errors: "halt-errors")
    self.debugger = debugger
    try await wait(for: "the debugger") {
      let errors = Site.text(of: server.site.path("halt-errors"))
      guard errors.isEmpty else { throw Failure(errors) }
      return Site.text(of: server.site.path("halt-output")) == "held\n"
    }
  }

  /// The thread goes on when its debugger is gone.
  func release() {
    debugger.kill()
  }
}
