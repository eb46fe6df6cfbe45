// Tells of a service's instances whenever they change.

import AsyncHTTPClient
import FoundationEssentials
public import Logging
import NIOCore

/// Follows services over the event stream of the HTTP API (`GET /v1/events`).
///
/// It lists the instances once and applies the events that come. A connection that is lost, or
/// silent for 45 s, is made again after 0.2 s, then after doubled times up to 2 s, varied so that
/// clients do not come back together, and goes on where it was (`Last-Event-ID`). Where the server
/// can't tell what was missed, the instances are listed again.
public struct ServiceWatch: Sendable {
  /// Instances of a page of the list.
  private static let pageLength = 1_000

  private let access: ServerAccess
  private let prefersIPv6: Bool
  private let logger: Logger

  /// - Parameters:
  ///   - access: the HTTP API of the server.
  ///   - prefersIPv6: which address of an instance is taken that has one of either family.
  ///   - logger: is told when a connection is lost.
  public init(
    _ access: ServerAccess, prefersIPv6: Bool = false,
    logger: Logger = Logger(label: "rollcall.client")
  ) {
    var access = access
    access.silence = StreamEvent.silenceLimit
    self.access = access
    self.prefersIPv6 = prefersIPv6
    self.logger = logger
  }

  /// The live instances of a service that have a port, as they are now and after each change, in
  /// order of id. A service that does not exist has none until it does. Who is slow gets the newest
  /// state, not each between.
  ///
  /// The sequence ends when the task that reads it is cancelled, and with a ``RollcallError`` when
  /// the server refuses it: a token that is not valid, say.
  ///
  /// - Parameter service: its name, such as `web` or `web.prod`, without the zone.
  public func changes(
    of service: String
  ) -> some AsyncSequence<[Endpoint], any Error> & Sendable {
    AsyncThrowingStream(bufferingPolicy: .bufferingNewest(1)) { stream in
      let task = Task {
        do {
          try await follow(service) { stream.yield($0) }
          stream.finish()
        } catch {
          stream.finish(throwing: error)
        }
      }
      stream.onTermination = { _ in task.cancel() }
    }
  }

  /// What is kept over lost connections.
  private struct Progress {
    var parser = EventParser()
    var service: WatchedService
    /// Whether the instances are to be listed before events count.
    var needsList = true
    var told: [Endpoint]?
    var failures = 0

    /// Tells of the endpoints if they are others than those that were told last.
    mutating func show(_ tell: ([Endpoint]) -> Void) {
      let endpoints = service.endpoints
      guard endpoints != told else { return }
      told = endpoints
      tell(endpoints)
    }
  }

  private func follow(_ service: String, _ tell: ([Endpoint]) -> Void) async throws {
    try await ServerConnection.with(access) { connection in
      var progress = Progress(service: WatchedService(prefersV6: prefersIPv6))
      while !Task.isCancelled {
        do throws(RollcallError) {
          try await followOnce(service, connection, &progress, tell)
        } catch {
          progress.failures += 1
          guard !Task.isCancelled else { return }
          guard error.isPassing,
            let pause = RetrySchedule.endless.pause(
              failures: progress.failures, elapsed: .zero, asked: error.retryAfter,
              random: .random(in: 0..<1))
          else { throw error }
          if progress.failures == 1 {
            logger.warning("no events come", metadata: ["reason": "\(error)"])
          }
          try? await Task.sleep(for: pause)
        }
      }
    }
  }

  /// - Throws: how the stream ended.
  private func followOnce(
    _ service: String, _ connection: ServerConnection, _ progress: inout Progress,
    _ tell: ([Endpoint]) -> Void
  ) async throws(RollcallError) {
    let lastID = progress.needsList ? nil : progress.parser.lastID
    let body = try await connection.open(.events(of: [service], after: lastID))
    progress.parser.beginAgain()
    // The stream is open: what happens after the list was made comes as an event.
    if progress.needsList { try await list(service, connection, &progress, tell) }
    progress.failures = 0
    do {
      for try await part in body {
        for event in try progress.parser.take(part.readableBytesView) {
          switch try progress.service.apply(event) {
          case .nothing: break
          case .endpoints: progress.show(tell)
          case .outdated:
            progress.needsList = true
            try await list(service, connection, &progress, tell)
          }
        }
      }
    } catch let error as RollcallError {
      throw error
    } catch {
      throw RollcallError(error, from: access)
    }
    throw RollcallError(.unreachable, "\(access.url) has ended the stream")
  }

  private func list(
    _ service: String, _ connection: ServerConnection, _ progress: inout Progress,
    _ tell: ([Endpoint]) -> Void
  ) async throws(RollcallError) {
    var pages: [WatchedService.Page] = []
    do throws(RollcallError) {
      repeat {
        var query = [(name: "limit", value: "\(Self.pageLength)")]
        if let cursor = pages.last?.nextCursor { query.append((name: "cursor", value: cursor)) }
        pages.append(try page(try await connection.send(.instances(of: service, query))))
      } while pages.last?.nextCursor != nil
    } catch {
      guard error.kind == .notFound else { throw error }
      pages = []
    }
    progress.service.replace(with: pages)
    progress.needsList = false
    progress.show(tell)
  }

  private func page(_ body: ByteBuffer) throws(RollcallError) -> WatchedService.Page {
    do {
      return try JSONDecoder().decode(WatchedService.Page.self, from: Data(body.readableBytesView))
    } catch {
      throw RollcallError(
        .unreadable, "\(access.url) does not reply as a Rollcall server: \(error)")
    }
  }
}
