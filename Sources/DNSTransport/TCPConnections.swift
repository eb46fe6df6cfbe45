// The TCP connections of all event loops, and who has to go when there are too many.

import DNSWire
import NIOCore
import Synchronization

/// One connection as the other loops see it.
final class TCPClient: Sendable {
  let channel: any Channel
  /// What its connections are counted by; nil if it was gone before it could be asked.
  let network: AddressPrefix?
  private let lastQueryTime: Atomic<UInt64>

  init(channel: any Channel, network: AddressPrefix?, now: NIODeadline) {
    self.channel = channel
    self.network = network
    self.lastQueryTime = Atomic(now.uptimeNanoseconds)
  }

  /// When its last complete query came, or it was accepted. Only its own loop sets it.
  var lastQuery: NIODeadline {
    get { .uptimeNanoseconds(lastQueryTime.load(ordering: .relaxed)) }
    set { lastQueryTime.store(newValue.uptimeNanoseconds, ordering: .relaxed) }
  }
}

/// All connections under one lock, which is taken when one comes or goes, never for a query.
final class TCPConnections: Sendable {
  fileprivate struct Table {
    var clients: [ObjectIdentifier: TCPClient] = [:]
    var countByNetwork: [AddressPrefix?: Int] = [:]
    var accepted = 0
    var closed: [TCPCloseReason: Int] = [:]
    var isClosing = false
  }

  private let limits: TCPLimits
  private let table = Mutex(Table())

  init(limits: TCPLimits) {
    self.limits = limits
  }

  /// Counts `client` in. Returns why it must be closed, or nil when it may stay; then another one
  /// may have been told to close instead.
  func admit(_ client: TCPClient) -> TCPCloseReason? {
    var evicted: TCPClient?
    let refusal: TCPCloseReason? = table.withLock { table in
      table.accepted += 1
      guard !table.isClosing else { return .shutdown }
      let count = table.countByNetwork[client.network, default: 0]
      guard count < limits.connectionsFromOneAddress else { return .addressLimit }
      if table.clients.count >= limits.connections {
        evicted = table.removeLongestWithoutQuery()
      }
      table.insert(client)
      return nil
    }
    evicted?.channel.pipeline.fireUserInboundEventTriggered(TCPOrder.close(.connectionLimit))
    return refusal
  }

  /// Counts a closed connection out, whether it was refused, told to close, or neither.
  func remove(_ client: TCPClient, _ reason: TCPCloseReason) {
    table.withLock { table in
      table.remove(client)
      table.closed[reason, default: 0] += 1
    }
  }

  /// Lets nobody in any more, and returns who is in.
  func close() -> [TCPClient] {
    table.withLock { table in
      table.isClosing = true
      return Array(table.clients.values)
    }
  }

  func add(to sum: inout TCPCounters) {
    table.withLock { table in
      sum.accepted += table.accepted
      sum.closed.merge(table.closed, uniquingKeysWith: +)
      sum.open += table.accepted - table.closed.values.reduce(0, +)
    }
  }
}

extension TCPConnections.Table {
  mutating func insert(_ client: TCPClient) {
    clients[ObjectIdentifier(client)] = client
    countByNetwork[client.network, default: 0] += 1
  }

  /// Does nothing for a client that is not in the table.
  mutating func remove(_ client: TCPClient) {
    guard clients.removeValue(forKey: ObjectIdentifier(client)) != nil else { return }
    let count = countByNetwork[client.network, default: 0]
    countByNetwork[client.network] = count > 1 ? count - 1 : nil
  }

  /// A scan: it happens only at the limit, which bounds it.
  mutating func removeLongestWithoutQuery() -> TCPClient? {
    let longest = clients.values.min { $0.lastQuery < $1.lastQuery }
    if let longest { remove(longest) }
    return longest
  }
}
