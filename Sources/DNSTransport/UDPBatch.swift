// The buffers of one receive batch: datagrams in, exchanges to answer, replies out.

import CLinuxSockets
import Glibc

/// Everything that one worker receives into and sends from, allocated once.
///
/// Slot i of each array belongs to datagram i: where it came from, its control data, its octets and
/// the room for its reply. The pointers stay inside and live as long as the value, which one thread
/// owns; the exchanges handed out are valid until the next ``receive(from:wait:)``.
package struct UDPBatch: ~Copyable {
  /// Datagrams of one system call.
  package static let size = 64
  /// Octets of a query; what a longer datagram has beyond them is not seen.
  package static let queryRoom = 4_096
  /// Octets of a reply.
  package static let replyRoom = 4_096

  /// One cache line more than a power of two, else all slots would fall into the same cache set.
  private static let roomStride = 4_096 + 64

  private let received: UnsafeMutablePointer<CLinuxMessage>
  private let replies: UnsafeMutablePointer<CLinuxMessage>
  private let vectors: UnsafeMutablePointer<iovec>
  private let replyVectors: UnsafeMutablePointer<iovec>
  private let sources: UnsafeMutablePointer<sockaddr_storage>
  private let controls: UnsafeMutableRawPointer
  private let queryOctets: UnsafeMutableRawPointer
  private let replyOctets: UnsafeMutableRawPointer
  private let exchanges: UnsafeMutablePointer<Exchange>
  /// The slot that the exchange at the same index came from.
  private let slots: UnsafeMutablePointer<Int>

  /// Octets of control data to receive; 0 where the socket has just one address to answer from.
  private let controlRoom: Int
  /// Which of the server's addresses it serves.
  private let listener: Int
  private let counters: UDPWorkerCounters
  /// Slots whose headers the last receive call has written.
  private var used = UDPBatch.size

  init(answeringFromAskedAddress: Bool, listener: Int, counters: UDPWorkerCounters) {
    let size = Self.size
    received = .allocate(capacity: size)
    replies = .allocate(capacity: size)
    vectors = .allocate(capacity: size)
    replyVectors = .allocate(capacity: size)
    sources = .allocate(capacity: size)
    controls = .allocate(byteCount: size * CLinuxPacketInfoRoom, alignment: 16)
    queryOctets = .allocate(byteCount: size * Self.roomStride, alignment: 64)
    replyOctets = .allocate(byteCount: size * Self.roomStride, alignment: 64)
    exchanges = .allocate(capacity: size)
    slots = .allocate(capacity: size)
    controlRoom = answeringFromAskedAddress ? CLinuxPacketInfoRoom : 0
    self.listener = listener
    self.counters = counters

    received.initialize(repeating: CLinuxMessage(), count: size)
    replies.initialize(repeating: CLinuxMessage(), count: size)
    vectors.initialize(repeating: iovec(), count: size)
    replyVectors.initialize(repeating: iovec(), count: size)
    sources.initialize(repeating: sockaddr_storage(), count: size)
    slots.initialize(repeating: 0, count: size)
    for slot in 0..<size { prepare(slot) }
  }

  deinit {
    received.deallocate()
    replies.deallocate()
    vectors.deallocate()
    replyVectors.deallocate()
    sources.deallocate()
    controls.deallocate()
    queryOctets.deallocate()
    replyOctets.deallocate()
    exchanges.deallocate()
    slots.deallocate()
  }

  /// Points the headers of `slot` to its own rooms, for good.
  private func prepare(_ slot: Int) {
    vectors[slot] = iovec(
      iov_base: queryOctets + slot * Self.roomStride, iov_len: Self.queryRoom)
    received[slot].header.msg_name = UnsafeMutableRawPointer(sources + slot)
    received[slot].header.msg_iov = vectors + slot
    received[slot].header.msg_iovlen = 1
    replies[slot].header.msg_iov = replyVectors + slot
    replies[slot].header.msg_iovlen = 1
  }
}

extension UDPBatch {
  enum Reception {
    /// Exchanges to answer; none when all that came was dropped.
    case exchanges(UnsafeMutableBufferPointer<Exchange>)
    /// Nothing is there, or a signal came.
    case nothing
    case failed(errno: Int32)
  }

  /// Receives a batch from `descriptor`; waits for the first datagram if `wait`.
  mutating func receive(from descriptor: Int32, wait: Bool) -> Reception {
    for slot in 0..<used {
      received[slot].header.msg_namelen = socklen_t(MemoryLayout<sockaddr_storage>.size)
      received[slot].header.msg_control = controlRoom == 0 ? nil : control(slot)
      received[slot].header.msg_controllen = controlRoom
    }
    let count = CLinuxReceiveMessages(descriptor, received, UInt32(Self.size), wait)
    guard count >= 0 else {
      used = 0
      return switch errno {
      case EINTR, EAGAIN: .nothing
      case let number: .failed(errno: number)
      }
    }
    used = Int(count)
    return .exchanges(collect())
  }

  /// Makes an exchange of every datagram that can be answered, and counts the others.
  private func collect() -> UnsafeMutableBufferPointer<Exchange> {
    var count = 0
    var arrived = 0
    for slot in 0..<used {
      // What wakes the worker after stopReceiving() is an empty message from nobody.
      guard received[slot].header.msg_namelen > 0 else { continue }
      arrived += 1
      if isAnswerable(slot) {
        exchanges[count] = exchange(slot)
        slots[count] = slot
        count += 1
      }
    }
    counters.received.add(arrived)
    counters.dropped.add(arrived - count)
    return UnsafeMutableBufferPointer(start: exchanges, count: count)
  }

  private func isAnswerable(_ slot: Int) -> Bool {
    guard Int(received[slot].length) >= Exchange.shortestQuery else { return false }
    // Nothing can be sent to port 0, so a query from there is forged.
    guard SocketAddressForm.port(source(slot)) != 0 else { return false }
    return controlRoom == 0 || CLinuxReplyFromAskedAddress(&received[slot].header)
  }

  private func exchange(_ slot: Int) -> Exchange {
    Exchange(
      query: UnsafeRawBufferPointer(
        start: queryOctets + slot * Self.roomStride, count: Int(received[slot].length)),
      client: SocketAddressForm.address(source(slot)),
      clientPort: SocketAddressForm.port(source(slot)), listener: listener,
      reply: UnsafeMutableRawBufferPointer(
        start: replyOctets + slot * Self.roomStride, count: Self.replyRoom),
      transport: .udp, isReceptionFull: used == Self.size)
  }

  private func source(_ slot: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: sources + slot, count: MemoryLayout<sockaddr_storage>.size)
  }

  private func control(_ slot: Int) -> UnsafeMutableRawPointer {
    controls + slot * CLinuxPacketInfoRoom
  }
}

extension UDPBatch {
  /// Hands over what was deferred of the last reception.
  func handOverDeferred(
    of answered: UnsafeMutableBufferPointer<Exchange>, _ late: LateDatagrams, to take: TakeDeferred
  ) {
    for index in answered.indices where answered[index].isDeferred {
      take(DeferredQuery(answered[index], reply: late.way(received[slots[index]].header)))
    }
  }

  /// Sends the replies that `answered` exchanges of the last reception have.
  func reply(to answered: UnsafeMutableBufferPointer<Exchange>, from descriptor: Int32) {
    var count = 0
    for index in answered.indices where answered[index].replyLength > 0 {
      precondition(answered[index].replyLength <= Self.replyRoom, "a reply beyond its room")
      let query = received + slots[index]
      replyVectors[count] = iovec(
        iov_base: answered[index].reply.baseAddress, iov_len: answered[index].replyLength)
      replies[count].header.msg_name = query.pointee.header.msg_name
      replies[count].header.msg_namelen = query.pointee.header.msg_namelen
      replies[count].header.msg_control = query.pointee.header.msg_control
      replies[count].header.msg_controllen = query.pointee.header.msg_controllen
      count += 1
    }
    send(count, from: descriptor)
  }

  /// One reply that can't be sent (no route, a firewall, a full queue) must not lose the others.
  private func send(_ count: Int, from descriptor: Int32) {
    var next = 0
    var failed = 0
    while next < count {
      let sent = CLinuxSendMessages(descriptor, replies + next, UInt32(count - next))
      if sent > 0 {
        next += Int(sent)
      } else if errno != EINTR {
        failed += 1
        next += 1
      }
    }
    counters.replied.add(count - failed)
    counters.sendErrors.add(failed)
  }
}
