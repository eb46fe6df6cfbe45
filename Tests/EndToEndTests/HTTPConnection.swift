// An HTTP connection that is kept, for tests in which starting curl would take too long. It blocks.

import Foundation
import TestSupport

final class HTTPConnection {
  private let socket: LoopbackSocket
  private let port: UInt16

  init(port: UInt16) throws {
    self.port = port
    socket = try LoopbackSocket(.tcp, port: port)
  }

  /// Sends a request and reads its whole reply.
  /// - Returns: the reply's status.
  @discardableResult
  func request(_ method: String, _ path: String, _ json: String? = nil) throws -> Int {
    var head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n"
    if let json {
      head += "Content-Type: application/json\r\nContent-Length: \(json.utf8.count)\r\n"
    }
    try socket.send(Array("\(head)\r\n\(json ?? "")".utf8))
    var reply = Data()
    var end: Range<Data.Index>?
    while end == nil {
      let more = try socket.receive()
      guard !more.isEmpty else { throw Failure("the connection ended") }
      reply += more
      end = reply.firstRange(of: Data("\r\n\r\n".utf8))
    }
    let lines = String(decoding: reply[..<end!.lowerBound], as: UTF8.self)
      .components(separatedBy: "\r\n")
    let length = lines.lazy.map { $0.lowercased() }.first { $0.hasPrefix("content-length:") }
      .flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) }
    _ = try socket.receive(exactly: (length ?? 0) - (reply.count - end!.upperBound))
    let words = lines[0].split(separator: " ")
    guard words.count > 1, let status = Int(words[1]) else { throw Failure("no HTTP: \(lines[0])") }
    return status
  }

  /// Whether the server ends the connection; waits until it is known.
  func isEnded() -> Bool { socket.isEnded() }

  /// Registers an instance that the test needs, new or not.
  func register(_ service: String, _ id: String, _ json: String) throws {
    let status = try request("PUT", "/v1/services/\(service)/instances/\(id)", json)
    guard status == 201 || status == 200 else { throw Failure("\(id): status \(status)") }
  }
}
