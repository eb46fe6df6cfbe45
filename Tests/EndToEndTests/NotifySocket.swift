// The socket on which a server tells its service manager how it is.

import Glibc
import TestSupport

/// A datagram socket of the Unix domain that keeps what has come. It does not block.
final class NotifySocket {
  /// The name as `NOTIFY_SOCKET` has it.
  let name: String
  private let descriptor: Int32
  private var messages: [[String]] = []

  /// - Parameter name: a path, or after "@" a name in the abstract namespace.
  init(_ name: String) throws {
    self.name = name
    descriptor = socket(
      AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    var path = Array(name.utf8)
    if path[0] == UInt8(ascii: "@") { path[0] = 0 }
    let address = withUnsafeBytes(of: sa_family_t(AF_UNIX), Array.init) + path
    let result = address.withUnsafeBytes {
      bind(
        descriptor, $0.assumingMemoryBound(to: sockaddr.self).baseAddress!,
        socklen_t(address.count))
    }
    guard result == 0 else { throw Failure("\(name): \(String(cString: strerror(errno)))") }
  }

  deinit { close(descriptor) }

  /// All that has come so far, each message as its lines.
  var received: [[String]] {
    var octets = [UInt8](repeating: 0, count: 4_096)
    while case let count = recv(descriptor, &octets, octets.count, 0), count > 0 {
      let text = String(decoding: octets[..<count], as: UTF8.self)
      messages.append(text.split(separator: "\n").map(String.init))
    }
    return messages
  }

  /// How many messages begin with this line.
  func count(_ line: String) -> Int {
    received.count { $0.first == line }
  }
}
