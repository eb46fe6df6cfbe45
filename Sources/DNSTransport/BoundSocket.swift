// A socket that is bound to an address, and the options that DNS wants on it.

import Glibc
import Synchronization

/// Owns the descriptor of a bound socket and closes it at the latest when it goes.
final class BoundSocket: Sendable {
  /// Octets of queries that may wait for a worker: a burst must outlast the time of one batch, and
  /// what is answered in the end must not be so old that its client has given up. The kernel counts
  /// some 400 for a small query and drops what finds no room, so 2,700 wait: a fifth of a second's
  /// work of a core that has little time. Best effort: the kernel cuts it to net.core.rmem_max.
  static let receiveBufferSize: Int32 = 1024 * 1024
  /// How long a receive call waits for the first datagram, so that a worker that nobody asks
  /// shows all the same that it works.
  static let longestWait = Duration.milliseconds(250)
  /// Connections that may wait to be accepted; the kernel cuts it to net.core.somaxconn.
  static let backlog: Int32 = 1024

  private static let none: Int32 = -1

  let address: ListenAddress
  let transport: Transport
  private let owned: Atomic<Int32>

  var descriptor: Int32 { owned.load(ordering: .relaxed) }

  private init(_ address: ListenAddress, _ transport: Transport) throws(TransportError) {
    let type = transport == .udp ? SOCK_DGRAM : SOCK_STREAM
    let descriptor = socket(address.family, Int32(type.rawValue | SOCK_CLOEXEC.rawValue), 0)
    self.owned = Atomic(descriptor)
    self.address = address
    self.transport = transport
    guard descriptor >= 0 else {
      throw TransportError(address, transport, call: "socket", errno: errno)
    }
    if address.family == AF_INET6 {
      // Else [::] would also take IPv4 in, from peers with mapped addresses (RFC 3493 section 5.3).
      try set(IPPROTO_IPV6, IPV6_V6ONLY, 1)
    }
  }

  deinit { close() }

  /// A UDP socket. With `sharing`, others on the same address may join it or were there before.
  static func udp(_ address: ListenAddress, sharing: Bool) throws(TransportError) -> BoundSocket {
    let socket = try BoundSocket(address, .udp)
    if sharing { try socket.share() }
    try? socket.set(SOL_SOCKET, SO_RCVBUF, receiveBufferSize)
    try socket.limitWait()
    try socket.ignorePathMTU()
    if address.isWildcard { try socket.tellAskedAddress() }
    try socket.bind()
    return socket
  }

  /// A TCP socket that listens already: two that are only bound could hold the same port.
  static func tcp(_ address: ListenAddress) throws(TransportError) -> BoundSocket {
    let socket = try BoundSocket(address, .tcp)
    // A restart must not wait for old connections in TIME_WAIT.
    try socket.set(SOL_SOCKET, SO_REUSEADDR, 1)
    try socket.bind()
    try socket.check("listen", listen(socket.descriptor))
    return socket
  }

  /// Lets further sockets of this process's user bind the same address.
  func share() throws(TransportError) {
    try set(SOL_SOCKET, SO_REUSEPORT, 1)
  }

  /// Lets connections in, or sets the backlog again. Returns as the system's call does.
  @discardableResult
  static func listen(_ descriptor: Int32) -> Int32 {
    Glibc.listen(descriptor, backlog)
  }

  /// The port that the socket really has, also where 0 was asked for.
  func boundPort() throws(TransportError) -> UInt16 {
    var form = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let result = withUnsafeMutableBytes(of: &form) { bytes in
      getsockname(
        descriptor, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress!, &length)
    }
    try check("getsockname", result)
    return withUnsafeBytes(of: &form, SocketAddressForm.port)
  }

  /// Datagrams that found no room in the receive buffer since it was opened, modulo 2^32; 0 once
  /// the socket is closed.
  var overflowCount: Int {
    // As <linux/sock_diag.h> numbers them: the last of nine numbers.
    var figures = InlineArray<9, UInt32>(repeating: 0)
    var length = socklen_t(MemoryLayout.size(ofValue: figures))
    let result = getsockopt(descriptor, SOL_SOCKET, SO_MEMINFO, &figures, &length)
    return result == 0 ? Int(figures[8]) : 0
  }

  /// Wakes a thread that waits in a receive call; it and all later ones then return at once.
  func stopReceiving() {
    // On an unconnected UDP socket Linux wakes the waiting and then still says ENOTCONN.
    _ = shutdown(descriptor, Int32(SHUT_RD))
  }

  /// Gives the descriptor to the caller, who closes it.
  func release() -> Int32 {
    owned.exchange(Self.none, ordering: .relaxed)
  }

  func close() {
    let descriptor = release()
    if descriptor != Self.none { _ = Glibc.close(descriptor) }
  }
}

extension BoundSocket {
  private func bind() throws(TransportError) {
    let result = address.withSocketAddress { Glibc.bind(descriptor, $0, $1) }
    try check("bind", result)
  }

  /// Forged ICMP messages must not get replies fragmented or refused: IP_PMTUDISC_OMIT sends by
  /// the interface's MTU and believes no other.
  private func ignorePathMTU() throws(TransportError) {
    if address.family == AF_INET6 {
      try set(IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT)
    } else {
      try set(IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT)
    }
  }

  private func limitWait() throws(TransportError) {
    var limit = timeval(tv_sec: 0, tv_usec: Int(Self.longestWait / .microseconds(1)))
    let size = socklen_t(MemoryLayout<timeval>.size)
    try check("setsockopt", setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size))
  }

  private func tellAskedAddress() throws(TransportError) {
    if address.family == AF_INET6 {
      try set(IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
    } else {
      try set(IPPROTO_IP, IP_PKTINFO, 1)
    }
  }

  private func set(
    _ level: some BinaryInteger, _ option: Int32, _ value: Int32
  ) throws(TransportError) {
    var value = value
    let size = socklen_t(MemoryLayout<Int32>.size)
    try check("setsockopt", setsockopt(descriptor, Int32(level), option, &value, size))
  }

  private func check(_ call: String, _ result: Int32) throws(TransportError) {
    guard result != 0 else { return }
    throw TransportError(address, transport, call: call, errno: errno)
  }
}

/// Where sockaddr_in and sockaddr_in6 keep port and address.
enum SocketAddressForm {
  private static let portOffset = 2
  private static let v4 = 4..<8
  private static let v6 = 8..<24

  /// The port of either form, in host byte order.
  static func port(_ bytes: UnsafeRawBufferPointer) -> UInt16 {
    UInt16(bigEndian: bytes.load(fromByteOffset: portOffset, as: UInt16.self))
  }
  /// The IP address, 4 or 16 octets in network order.
  static func address(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    let family = bytes.load(as: sa_family_t.self)
    return UnsafeRawBufferPointer(rebasing: bytes[family == AF_INET6 ? v6 : v4])
  }
}
