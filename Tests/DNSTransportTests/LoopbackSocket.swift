// A client's socket on loopback, blocking, with a deadline so that a hang fails.

import DNSTransport
import Glibc

/// A connected UDP or TCP socket; what it waits for longer than ``deadline`` counts as missing.
final class LoopbackSocket: Sendable {
  private static let deadline = timeval(tv_sec: 20, tv_usec: 0)

  let descriptor: Int32

  /// - Parameter source: the IPv4 address to connect from; nil leaves it to the kernel.
  init(
    _ transport: Transport, to address: ListenAddress, from source: String? = nil,
    receiveBuffer: Int32? = nil
  ) throws {
    let family = address.ipAddress.contains(":") ? AF_INET6 : AF_INET
    let type = transport == .udp ? SOCK_DGRAM : SOCK_STREAM
    descriptor = socket(family, Int32(type.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw ClientError("socket") }
    var deadline = Self.deadline
    let size = socklen_t(MemoryLayout<timeval>.size)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &deadline, size)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &deadline, size)
    if var receiveBuffer {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, 4)
    }
    if let source {
      guard withNumericAddress(source, 0, { Glibc.bind(descriptor, $0, $1) }) == 0 else {
        throw ClientError("bind")
      }
    }
    let result = withNumericAddress(address.ipAddress, address.port) {
      Glibc.connect(descriptor, $0, $1)
    }
    guard result == 0 else { throw ClientError("connect") }
  }

  deinit { Glibc.close(descriptor) }

  func send(_ bytes: [UInt8]) throws {
    var sent = 0
    repeat {
      let count = bytes.withUnsafeBytes {
        Glibc.send(
          descriptor, $0.baseAddress.map { $0 + sent }, $0.count - sent, Int32(MSG_NOSIGNAL))
      }
      guard count >= 0 else { throw ClientError("send") }
      sent += count
    } while sent < bytes.count
  }

  /// One datagram, or what a stream has; nil when nothing came in time, empty at a stream's end.
  func receive(limit: Int = 65_536) -> [UInt8]? {
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { room, count in
      count = max(0, recv(descriptor, room.baseAddress, limit, 0))
      if count == 0, errno == EAGAIN { errno = ETIMEDOUT }
    }
    return bytes.isEmpty && errno == ETIMEDOUT ? nil : bytes
  }

  /// Says that no more will be sent; replies can still be received.
  func endSending() {
    shutdown(descriptor, Int32(SHUT_WR))
  }
}

// MARK: - Messages of a stream

extension LoopbackSocket {
  func sendMessage(_ message: [UInt8]) throws {
    try send(framed(message))
  }

  /// The next message of a stream; nil at its end or when none came in time.
  func receiveMessage() -> [UInt8]? {
    guard let length = receive(exactly: 2) else { return nil }
    return receive(exactly: Int(length[0]) << 8 | Int(length[1]))
  }

  /// True when the server ends the stream without sending anything more.
  func isEnded() -> Bool {
    var octet: UInt8 = 0
    let count = recv(descriptor, &octet, 1, 0)
    return count == 0 || (count < 0 && errno == ECONNRESET)
  }

  private func receive(exactly count: Int) -> [UInt8]? {
    var bytes: [UInt8] = []
    while bytes.count < count {
      guard let more = receive(limit: count - bytes.count), !more.isEmpty else { return nil }
      bytes += more
    }
    return bytes
  }
}

/// A call of the client that failed; not what the tests are about.
struct ClientError: Error, CustomStringConvertible {
  let description: String

  init(_ call: String) {
    description = "\(call): \(String(cString: strerror(errno)))"
  }
}

/// `message` with its length before it (RFC 1035 section 4.2.2).
func framed(_ message: [UInt8]) -> [UInt8] {
  [UInt8(message.count >> 8), UInt8(message.count & 0xff)] + message
}

/// A message that holds `number` and is as long as a header, or longer.
func message(_ number: Int, length: Int = 12) -> [UInt8] {
  [UInt8(number >> 8 & 0xff), UInt8(number & 0xff)] + [UInt8](repeating: 7, count: length - 2)
}

/// Calls `body` with the system's form of a numeric address.
func withNumericAddress<Result>(
  _ address: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result {
  var hints = addrinfo()
  hints.ai_flags = AI_NUMERICHOST
  hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
  var found: UnsafeMutablePointer<addrinfo>?
  precondition(getaddrinfo(address, String(port), &hints, &found) == 0)
  defer { freeaddrinfo(found) }
  return body(found!.pointee.ai_addr, found!.pointee.ai_addrlen)
}
