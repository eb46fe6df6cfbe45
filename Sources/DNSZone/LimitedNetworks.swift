// Which networks are limited just now, for the log.

package import DNSWire

/// That replies to a network began or ceased to be limited.
package enum RateLimitNews: Equatable, Sendable {
  case began(AddressPrefix)
  /// No reply to it was limited for ``LimitedNetworks/quiet`` nanoseconds.
  case ended(AddressPrefix, seconds: Int64)
}

/// The first networks that were found to be limited, a few, so that a flood from many makes neither
/// a long list nor a long log.
struct LimitedNetworks {
  /// Networks at a time; others are limited without being told of.
  static let capacity = 16
  /// Nanoseconds without a limited reply after which a network is one like the others.
  static let quiet: BootTime = 10_000_000_000

  private struct Entry {
    let network: AddressPrefix
    let since: BootTime
    var last: BootTime
    var isTold = false
  }

  private var entries: [Entry] = []

  init() {
    entries.reserveCapacity(Self.capacity)
  }

  mutating func note(_ network: AddressPrefix, at now: BootTime) {
    if let index = entries.firstIndex(where: { $0.network == network }) {
      entries[index].last = now
    } else if entries.count < Self.capacity {
      entries.append(Entry(network: network, since: now, last: now))
    }
  }

  /// What has changed since the last call.
  mutating func news(at now: BootTime) -> [RateLimitNews] {
    var news: [RateLimitNews] = []
    for index in entries.indices where !entries[index].isTold {
      entries[index].isTold = true
      news.append(.began(entries[index].network))
    }
    let ended = entries.filter { now - $0.last >= Self.quiet }
    entries.removeAll { now - $0.last >= Self.quiet }
    return news
      + ended.map { .ended($0.network, seconds: ($0.last - $0.since) / 1_000_000_000) }
  }
}
