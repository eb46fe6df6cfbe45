// What the server tells the service manager that started it: systemd, or one that does the same.

import Glibc
import Logging

/// Sends the notifications of sd_notify(3): datagrams of NAME=VALUE lines to `NOTIFY_SOCKET`.
///
/// The socket is opened once: when descriptors have run out, the watchdog must still be told that
/// the server is alive.
final class ServiceManager: Sendable {
  /// How long a notification may wait for a manager that does not read.
  private static let patience = timeval(tv_sec: 1, tv_usec: 0)

  /// How often it wants to be told that the server is alive; nil: never.
  let watchdogInterval: Duration?
  /// The socket and the address to send to; nil when nobody is to be told.
  private let destination: (descriptor: Int32, address: [UInt8])?
  private let logger: Logger

  /// As the environment says.
  init(logger: Logger) {
    self.logger = logger
    watchdogInterval = Self.watchdogInterval
    guard let name = Self.variable("NOTIFY_SOCKET") else {
      destination = nil
      return
    }
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard let address = Self.address(name), descriptor >= 0 else {
      logger.warning(
        "the service manager can't be told anything", metadata: ["notify_socket": "\(name)"])
      if descriptor >= 0 { close(descriptor) }
      destination = nil
      return
    }
    var patience = Self.patience
    setsockopt(
      descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    destination = (descriptor, address)
  }

  deinit {
    if let destination { close(destination.descriptor) }
  }

  func tellReady(_ status: String) {
    tell("READY=1", "STATUS=\(status)")
  }

  /// To be followed by ``tellReloaded()``.
  func tellReloading() {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    // The time is for Type=notify-reload, which takes an older message for one of before.
    tell("RELOADING=1", "MONOTONIC_USEC=\(now.tv_sec * 1_000_000 + now.tv_nsec / 1_000)")
  }

  func tellReloaded() {
    tell("READY=1")
  }

  /// - Parameter limit: seconds after which the server ends in any case. The manager is asked to
  ///   wait a little longer than that, whatever its own limit is.
  func tellStopping(limit: Int) {
    tell("STOPPING=1", "STATUS=stopping", "EXTEND_TIMEOUT_USEC=\((limit + 5) * 1_000_000)")
  }

  func tellAlive() {
    tell("WATCHDOG=1")
  }

  private func tell(_ lines: String...) {
    guard let (descriptor, address) = destination else { return }
    let text = Array(lines.joined(separator: "\n").utf8)
    let sent = address.withUnsafeBytes { address in
      sendto(
        descriptor, text, text.count, Int32(MSG_NOSIGNAL),
        address.assumingMemoryBound(to: sockaddr.self).baseAddress!, socklen_t(address.count))
    }
    guard sent != text.count else { return }
    logger.warning(
      "the service manager was not told",
      metadata: ["notification": "\(lines[0])", "reason": "\(String(cString: strerror(errno)))"])
  }
}

extension ServiceManager {
  /// sockaddr_un as octets: a path, or after "@" a name in the abstract namespace.
  /// - Returns: nil for what is neither, or too long.
  private static func address(_ name: String) -> [UInt8]? {
    var path = Array(name.utf8)
    guard (2...MemoryLayout.size(ofValue: sockaddr_un().sun_path)).contains(path.count) else {
      return nil
    }
    switch path[0] {
    case UInt8(ascii: "@"): path[0] = 0
    case UInt8(ascii: "/"): break
    default: return nil
    }
    return withUnsafeBytes(of: sa_family_t(AF_UNIX), Array.init) + path
  }

  /// `WATCHDOG_USEC`, if it is meant for this process.
  private static var watchdogInterval: Duration? {
    guard let text = variable("WATCHDOG_USEC"), let microseconds = Int64(text), microseconds > 0,
      variable("WATCHDOG_PID").map({ $0 == "\(getpid())" }) ?? true
    else { return nil }
    return .microseconds(microseconds)
  }

  private static func variable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }
}
