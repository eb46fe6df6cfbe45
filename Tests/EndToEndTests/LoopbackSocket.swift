// Blocking client sockets on loopback, with a deadline so that a hang fails.

import Glibc
import TestSupport

/// A connected UDP or TCP socket, closed when it goes.
final class LoopbackSocket {
  enum Kind {
    case udp
    case tcp
  }

  private let descriptor: Int32

  /// - Parameters:
  ///   - source: N of the address 127.0.0.N to connect from.
  ///   - receiveBuffer: octets of replies that the kernel keeps for a client that does not read.
  init(
    _ kind: Kind, port: UInt16, from source: UInt8 = 1, receiveBuffer: Int32? = nil,
    deadline seconds: Int = 10
  ) throws {
    descriptor = try Self.open(kind)
    var deadline = timeval(tv_sec: seconds, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &deadline, size)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &deadline, size)
    if var receiveBuffer { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, 4) }
    if kind == .tcp {
      // Each piece that a test sends goes out by itself.
      var yes: Int32 = 1
      setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, 4)
    }
    guard source == 1 || Self.withAddress(0, host: source, { bind(descriptor, $0, $1) }) == 0,
      Self.withAddress(port, { Glibc.connect(descriptor, $0, $1) }) == 0
    else { throw Failure("connect: \(String(cString: strerror(errno)))") }
  }

  /// A socket that holds a port: the one given, or any.
  ///
  /// - Parameter isListening: whether connections can be made to it, over TCP.
  init(holding port: UInt16, _ kind: Kind, isListening: Bool = true) throws {
    descriptor = try Self.open(kind)
    guard Self.withAddress(port, { Glibc.bind(descriptor, $0, $1) }) == 0 else {
      throw Failure("bind: \(String(cString: strerror(errno)))")
    }
    if kind == .tcp, isListening { try listen() }
  }

  func listen() throws {
    guard Glibc.listen(descriptor, 1) == 0 else {
      throw Failure("listen: \(String(cString: strerror(errno)))")
    }
  }

  deinit { close(descriptor) }

  /// The port at this end.
  var port: UInt16 {
    var form = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &form) { form in
      _ = form.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        getsockname(descriptor, $0, &length)
      }
    }
    return UInt16(bigEndian: form.sin_port)
  }

  func send(_ octets: [UInt8]) throws {
    var sent = 0
    while sent < octets.count {
      let count = octets[sent...].withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw Failure("send: \(String(cString: strerror(errno)))") }
      sent += count
    }
  }

  /// One datagram, or what a stream has; empty at a stream's end.
  func receive(limit: Int = 65_536) throws -> [UInt8] {
    var octets = [UInt8](repeating: 0, count: limit)
    let count = recv(descriptor, &octets, limit, 0)
    guard count >= 0 else { throw Failure("receive: \(String(cString: strerror(errno)))") }
    return Array(octets[..<count])
  }

  func receive(exactly count: Int) throws -> [UInt8] {
    var octets: [UInt8] = []
    while octets.count < count {
      let more = try receive(limit: count - octets.count)
      guard !more.isEmpty else { throw Failure("the stream ended") }
      octets += more
    }
    return octets
  }

  /// Says that no more will be sent; replies can still be received.
  func endSending() {
    shutdown(descriptor, Int32(SHUT_WR))
  }

  /// Whether the stream ends here, with nothing more to receive; waits until it is known.
  func isEnded() -> Bool {
    var octet: UInt8 = 0
    let count = recv(descriptor, &octet, 1, 0)
    return count == 0 || (count < 0 && errno == ECONNRESET)
  }

  private static func open(_ kind: Kind) throws -> Int32 {
    let type = kind == .udp ? SOCK_DGRAM : SOCK_STREAM
    let descriptor = socket(AF_INET, Int32(type.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw Failure("socket: \(String(cString: strerror(errno)))") }
    if kind == .tcp {
      var yes: Int32 = 1
      setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
    }
    return descriptor
  }

  private static func withAddress(
    _ port: UInt16, host: UInt8 = 1, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    var form = sockaddr_in()
    form.sin_family = sa_family_t(AF_INET)
    form.sin_port = port.bigEndian
    form.sin_addr.s_addr = (UInt32(0x7F00_0000) + UInt32(host)).bigEndian
    return withUnsafePointer(to: &form) { form in
      form.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}
