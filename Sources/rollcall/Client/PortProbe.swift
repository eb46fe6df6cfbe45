// Whether somebody takes TCP connections at a port.

import Dispatch
import Glibc

struct PortProbe {
  private static let pause = Duration.milliseconds(100)
  /// Seconds for a connection to come about.
  private static let patience = 2

  private let hosts: [String]
  private let port: Int

  /// - Parameter host: an address; nil: this machine's loopback addresses, any of which will do.
  init(host: String?, port: Int) {
    hosts = host.map { [$0] } ?? ["127.0.0.1", "::1"]
    self.port = port
  }

  /// - Returns: false when the task was cancelled before.
  func waitUntilListening() async -> Bool {
    let queue = DispatchQueue(label: "rollcall.probe")
    while !Task.isCancelled {
      let isListening = await withCheckedContinuation { continuation in
        // Connecting blocks.
        queue.async { continuation.resume(returning: hosts.contains(where: canConnect)) }
      }
      if isListening { return true }
      try? await Task.sleep(for: Self.pause)
    }
    return false
  }

  private func canConnect(_ host: String) -> Bool {
    var hints = addrinfo()
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, "\(port)", &hints, &found) == 0, let place = found?.pointee else {
      return false
    }
    defer { freeaddrinfo(found) }
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = socket(place.ai_family, kind, 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var limit = timeval(tv_sec: Self.patience, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    return connect(descriptor, place.ai_addr, place.ai_addrlen) == 0
  }
}
