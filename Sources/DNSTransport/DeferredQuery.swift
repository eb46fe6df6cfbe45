// A query whose reply is made later, by somebody who may take the time to ask others.

import CLinuxSockets
import Glibc

/// A query that an answerer has deferred, with the way back to its client.
package struct DeferredQuery: Sendable {
  /// The message as it came.
  package let query: [UInt8]
  /// What the answerer has written of the reply.
  package let beginning: [UInt8]
  /// The address that the query came from, 4 or 16 octets in network order.
  package let client: [UInt8]
  package let clientPort: UInt16
  package let listener: Int
  package let transport: Transport
  /// Sends the reply, or nothing for no octets. To be called once, on any thread; what can't be
  /// sent any more is dropped.
  package private(set) var reply: @Sendable ([UInt8]) -> Void

  init(_ exchange: Exchange, reply: @escaping @Sendable ([UInt8]) -> Void) {
    query = Array(exchange.query)
    beginning = Array(exchange.reply[..<exchange.deferredLength])
    client = Array(exchange.client)
    clientPort = exchange.clientPort
    listener = exchange.listener
    transport = exchange.transport
    self.reply = reply
  }

  /// The same query with another way back.
  package func with(reply: @escaping @Sendable ([UInt8]) -> Void) -> DeferredQuery {
    var changed = self
    changed.reply = reply
    return changed
  }
}

/// Takes a deferred query over. Called on the thread that received it, it must not block.
package typealias TakeDeferred = @Sendable (DeferredQuery) -> Void

extension Exchange {
  /// Has the reply made by whoever takes deferred queries.
  ///
  /// - Parameter length: octets of ``reply`` that are written already.
  package mutating func deferReply(begunWith length: Int) {
    replyLength = -length
  }

  var isDeferred: Bool { replyLength < 0 }
  var deferredLength: Int { -replyLength }
}

/// Sends datagrams later than the batch of their queries, also while the socket is being closed.
final class LateDatagrams: Sendable {
  /// Of its own, so that its number stays that socket's.
  private let descriptor: Int32

  init(_ socket: BoundSocket) {
    descriptor = fcntl(socket.descriptor, F_DUPFD_CLOEXEC, 0)
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// The way to who sent a message.
  ///
  /// - Parameter header: as it was received, its control data turned for the reply.
  func way(_ header: msghdr) -> @Sendable ([UInt8]) -> Void {
    let name = Array(UnsafeRawBufferPointer(start: header.msg_name, count: Int(header.msg_namelen)))
    let control = Array(
      UnsafeRawBufferPointer(start: header.msg_control, count: header.msg_controllen))
    return { [self] octets in
      if !octets.isEmpty { send(octets, to: name, control) }
    }
  }

  private func send(_ octets: [UInt8], to name: [UInt8], _ control: [UInt8]) {
    var (octets, name, control) = (octets, name, control)
    octets.withUnsafeMutableBytes { octets in
      name.withUnsafeMutableBytes { name in
        control.withUnsafeMutableBytes { control in
          var vector = iovec(iov_base: octets.baseAddress, iov_len: octets.count)
          withUnsafeMutablePointer(to: &vector) { vector in
            var header = msghdr()
            header.msg_name = name.baseAddress
            header.msg_namelen = socklen_t(name.count)
            header.msg_iov = vector
            header.msg_iovlen = 1
            header.msg_control = control.isEmpty ? nil : control.baseAddress
            header.msg_controllen = control.count
            // Lost as any datagram may be.
            _ = sendmsg(descriptor, &header, Int32(MSG_DONTWAIT))
          }
        }
      }
    }
  }
}
