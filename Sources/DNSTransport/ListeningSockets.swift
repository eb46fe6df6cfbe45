// The UDP and TCP sockets of one address, all bound or none.

/// The sockets on one address and port: one TCP socket, and a UDP socket for each worker.
struct ListeningSockets {
  /// Ports that are tried for port 0: the one the kernel picks for UDP may be taken for TCP.
  private static let portAttempts = 16

  /// With the real port, where 0 was asked for.
  let address: ListenAddress
  let udp: [BoundSocket]
  let tcp: BoundSocket

  static func open(
    _ address: ListenAddress, workers: Int
  ) throws(TransportError) -> ListeningSockets {
    guard address.port == 0 else {
      return try openOnce(address, workers: workers)
    }
    for _ in 1..<portAttempts {
      do throws(TransportError) {
        return try openOnce(address, workers: workers)
      } catch {
        guard case .addressInUse = error else { throw error }
      }
    }
    return try openOnce(address, workers: workers)
  }

  private static func openOnce(
    _ wanted: ListenAddress, workers: Int
  ) throws(TransportError) -> ListeningSockets {
    // Bound without sharing, so that it fails when anybody is there already, even with
    // SO_REUSEPORT; then shared with the other workers. It stays closed to another Rollcall,
    // whose first socket fails in the same way.
    let first = try BoundSocket.udp(wanted, sharing: false)
    let address = wanted.with(port: try first.boundPort())
    let tcp = try BoundSocket.tcp(address)
    try first.share()
    var udp = [first]
    while udp.count < workers {
      udp.append(try BoundSocket.udp(address, sharing: true))
    }
    return ListeningSockets(address: address, udp: udp, tcp: tcp)
  }
}
