// Memory for bodies that are arriving, shared by all connections.

import DNSWire
import Synchronization

/// Bounds what bodies of bulk calls take together: each connection could bring one, and take its
/// time. Nothing waits for room; whoever finds none is told to come again.
///
/// One network of clients gets half of it at most, so that others find room whatever it does. This
/// machine's own clients are not told apart: behind a proxy all are it.
final class BodyRoom: Sendable {
  fileprivate struct Taken {
    var octets = 0
    /// Those of networks that have taken any.
    var byNetwork: [AddressPrefix: Int] = [:]
  }

  fileprivate let limit: Int
  private let taken = Mutex(Taken())

  init(octets: Int) {
    limit = octets
  }

  /// The room as one client has it.
  func share(of client: IPAddress?) -> Share {
    Share(room: self, network: client.flatMap { $0.isLoopback ? nil : AddressPrefix(ofClient: $0) })
  }

  struct Share {
    fileprivate let room: BodyRoom
    fileprivate let network: AddressPrefix?

    /// - Returns: false when there is not so much room; then nothing is taken.
    func take(_ octets: Int) -> Bool {
      room.taken.withLock { $0.take(octets, for: network, limit: room.limit) }
    }

    func giveBack(_ octets: Int) {
      room.taken.withLock { $0.giveBack(octets, of: network) }
    }
  }
}

extension BodyRoom.Taken {
  fileprivate mutating func take(_ count: Int, for network: AddressPrefix?, limit: Int) -> Bool {
    guard octets + count <= limit else { return false }
    if let network {
      let own = byNetwork[network, default: 0] + count
      guard own <= limit / 2 else { return false }
      byNetwork[network] = own
    }
    octets += count
    return true
  }

  fileprivate mutating func giveBack(_ count: Int, of network: AddressPrefix?) {
    octets -= count
    guard let network, let own = byNetwork[network] else { return }
    byNetwork[network] = own > count ? own - count : nil
  }
}
