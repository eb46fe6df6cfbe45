// A query and its reply as a dnstap message: protocol buffers, as dnstap.proto defines them.

import DNSTransport
import Glibc

/// Writes the message of one exchange into memory of its own, without allocating otherwise.
///
/// Twelve fields that are only ever written are no reason for a library of protocol buffers.
struct DnstapMessage {
  /// Numbers of dnstap.proto.
  private enum Frame {
    static let identity = 1
    static let version = 2
    static let message = 14
    static let type = 15
    static let typeMessage = 1
  }

  private enum Field {
    static let type = 1
    static let socketFamily = 2
    static let socketProtocol = 3
    static let queryAddress = 4
    static let responseAddress = 5
    static let queryPort = 6
    static let responsePort = 7
    static let queryTimeSeconds = 8
    static let queryTimeNanoseconds = 9
    static let queryMessage = 10
    static let responseTimeSeconds = 12
    static let responseTimeNanoseconds = 13
    static let responseMessage = 14
  }

  private enum Kind {
    static let authQuery = 1
    static let authResponse = 2
    static let clientQuery = 5
    static let clientResponse = 6
  }

  /// Octets that all fields but the messages, the addresses, the identity and the version may take.
  private static let fieldsRoom = 128
  /// Octets before the inner message for its tag and length.
  private static let prefixRoom = 8

  let exchange: Exchange
  /// Whether others were asked, as a resolver does for its clients.
  let isForwarded: Bool
  /// The address that it came to: 4 or 16 octets in network order; empty for a wildcard.
  let server: [UInt8]
  let serverPort: UInt16
  let began: timespec
  let ended: timespec
  let identity: [UInt8]
  let version: [UInt8]

  /// Octets of memory that ``write(into:)`` may need.
  var room: Int {
    Self.prefixRoom + Self.fieldsRoom + exchange.client.count + server.count + exchange.query.count
      + exchange.replyLength + identity.count + version.count
  }

  /// - Parameter memory: ``room`` octets.
  /// - Returns: the message in it.
  func write(into memory: UnsafeMutableRawPointer) -> UnsafeMutableRawBufferPointer {
    let inner = memory + Self.prefixRoom
    var writer = ProtocolBufferWriter(at: inner)
    writeExchange(&writer)
    // The length is known only now; tag and length are written so that they end where it begins.
    let length = writer.end - inner
    let prefix = Self.prefixLength(length)
    var start = ProtocolBufferWriter(at: inner - prefix)
    start.openMessage(Frame.message, length: length)
    writer.write(identity, of: Frame.identity)
    writer.write(version, of: Frame.version)
    writer.write(Frame.typeMessage, of: Frame.type)
    let begin = inner - prefix
    return UnsafeMutableRawBufferPointer(start: begin, count: writer.end - begin)
  }

  private static func prefixLength(_ length: Int) -> Int {
    1 + max(1, (Int.bitWidth - length.leadingZeroBitCount + 6) / 7)
  }

  private var kind: Int {
    switch (isForwarded, exchange.replyLength > 0) {
    case (false, true): Kind.authResponse
    case (false, false): Kind.authQuery
    case (true, true): Kind.clientResponse
    case (true, false): Kind.clientQuery
    }
  }

  private func writeExchange(_ writer: inout ProtocolBufferWriter) {
    let isReplied = exchange.replyLength > 0
    writer.write(kind, of: Field.type)
    writer.write(exchange.client.count == 4 ? 1 : 2, of: Field.socketFamily)
    writer.write(exchange.transport == .udp ? 1 : 2, of: Field.socketProtocol)
    writer.write(exchange.client, of: Field.queryAddress)
    if !server.isEmpty { writer.write(server, of: Field.responseAddress) }
    writer.write(Int(exchange.clientPort), of: Field.queryPort)
    writer.write(Int(serverPort), of: Field.responsePort)
    writer.write(began.tv_sec, of: Field.queryTimeSeconds)
    writer.write(fixed: UInt32(began.tv_nsec), of: Field.queryTimeNanoseconds)
    writer.write(exchange.query, of: Field.queryMessage)
    guard isReplied else { return }
    writer.write(ended.tv_sec, of: Field.responseTimeSeconds)
    writer.write(fixed: UInt32(ended.tv_nsec), of: Field.responseTimeNanoseconds)
    writer.write(
      UnsafeRawBufferPointer(rebasing: exchange.reply[..<exchange.replyLength]),
      of: Field.responseMessage)
  }
}

/// Fields of protocol buffers one after the other. Whoever gives the memory sees to it that it
/// suffices.
private struct ProtocolBufferWriter {
  private(set) var end: UnsafeMutableRawPointer

  private enum WireType {
    static let variable = 0
    static let lengthDelimited = 2
    static let fixed32 = 5
  }

  init(at start: UnsafeMutableRawPointer) {
    end = start
  }

  mutating func write(_ number: Int, of field: Int) {
    write(tag: field, WireType.variable)
    write(variable: UInt64(number))
  }

  mutating func write(fixed number: UInt32, of field: Int) {
    write(tag: field, WireType.fixed32)
    end.storeBytes(of: number.littleEndian, as: UInt32.self)
    end += 4
  }

  mutating func write(_ octets: UnsafeRawBufferPointer, of field: Int) {
    openMessage(field, length: octets.count)
    guard let start = octets.baseAddress else { return }
    end.copyMemory(from: start, byteCount: octets.count)
    end += octets.count
  }

  mutating func write(_ octets: [UInt8], of field: Int) {
    octets.withUnsafeBytes { write($0, of: field) }
  }

  mutating func openMessage(_ field: Int, length: Int) {
    write(tag: field, WireType.lengthDelimited)
    write(variable: UInt64(length))
  }

  private mutating func write(tag field: Int, _ type: Int) {
    write(variable: UInt64(field << 3 | type))
  }

  private mutating func write(variable number: UInt64) {
    var rest = number
    while rest >= 0x80 {
      write(octet: UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    write(octet: UInt8(rest))
  }

  private mutating func write(octet: UInt8) {
    end.storeBytes(of: octet, as: UInt8.self)
    end += 1
  }
}
