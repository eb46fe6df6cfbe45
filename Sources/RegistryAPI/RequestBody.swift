// A request's body as JSON.

import HTTPTypes
import Hummingbird
import JSONText
import NIOCore
import ServiceRegistry

extension Request {
  /// What `read` makes of the body, or nil if there is none.
  ///
  /// - Parameters:
  ///   - limit: octets of the body at most.
  ///   - room: what the body shares with others until it is read.
  /// - Throws: ``Problem`` with 413, 415, 400 or, where there is no room, 503; other errors are the
  ///   connection's.
  func json<Result>(
    upTo limit: Int = APILimits.bodyLength, sharing room: BodyRoom.Share? = nil,
    _ read: (JSONValue) throws -> Result
  ) async throws -> Result? {
    // Said in advance, it need not arrive first.
    if let length = headers[.contentLength].flatMap({ Int($0) }), length > limit {
      throw Problem.bodyTooLong(limit: limit)
    }
    var octets = ByteBuffer()
    var taken = 0
    defer { room?.giveBack(taken) }
    for try await var part in body {
      let length = part.readableBytes
      guard octets.readableBytes + length <= limit else { throw Problem.bodyTooLong(limit: limit) }
      if let room {
        guard room.take(length) else { throw Problem(RegistryError.busy) }
        taken += length
      }
      octets.writeBuffer(&part)
    }
    guard octets.readableBytes > 0 else { return nil }
    guard isJSON else { throw Problem.notJSON }
    var parser = JSONParser()
    do {
      return try octets.withUnsafeReadableBytes { try parser.read($0, read) }
    } catch let error as JSONError {
      throw Problem.badJSON(error)
    } catch let fault as JSONFault {
      throw Problem(fault)
    }
  }

  /// For a call that is told nothing by its body.
  ///
  /// - Throws: as ``json(upTo:_:)``, and for an object with members.
  func refuseMembers() async throws {
    _ = try await json { body in
      guard let members = body.members else { throw Problem.notAnObject }
      for member in members { throw JSONFault(member.name.string ?? "", "is unknown") }
    }
  }

  /// Whether the body says that it is JSON, which no HTML form can say (so that a browser asks
  /// before it sends it elsewhere), and is not compressed.
  private var isJSON: Bool {
    let coding = headers[.contentEncoding]?.lowercased() ?? "identity"
    guard coding == "identity", let type = headers[.contentType] else { return false }
    // Nearly all say it so.
    if type == "application/json" { return true }
    return type.prefix { $0 != ";" }.lowercased().filter { $0 != " " && $0 != "\t" }
      == "application/json"
  }
}
