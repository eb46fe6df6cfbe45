// The calls that go on until something changes.

import HTTPTypes
import Hummingbird
import ServiceLifecycle
import ServiceRegistry

/// What a caller knows of a service, and how long it waits for something new.
struct ChangeWait: Equatable {
  let revision: UInt64
  let seconds: Int
}

extension RequestQuery {
  /// - Returns: nil where the caller does not wait.
  func changeWait() throws(Problem) -> ChangeWait? {
    let seconds = try number("wait", in: 0...APILimits.waitSeconds)
    guard let revision = try number("after", in: 0...Int.max) else {
      guard seconds == nil else {
        throw .badField("wait", "needs 'after', the revision of the list that the caller has, or 0")
      }
      return nil
    }
    return ChangeWait(
      revision: UInt64(revision), seconds: seconds ?? APILimits.defaultWaitSeconds)
  }

  /// The services that are to be watched, separated by commas; nil: all.
  fileprivate func services() throws -> [ServiceName]? {
    guard let text = self["service"] else { return nil }
    let names = text.split(separator: ",", omittingEmptySubsequences: false)
    guard names.count <= APILimits.watchedServices else {
      throw Problem.badField(
        "service",
        "names \(names.count) services; at most \(APILimits.watchedServices) are watched"
          + " at once", limit: APILimits.watchedServices)
    }
    var services: [ServiceName] = []
    for name in try names.map({ try ServiceName(String($0)) }) where !services.contains(name) {
      services.append(name)
    }
    return services
  }
}

extension RegistryAPI {
  /// `GET /v1/events`
  ///
  /// What the caller may not see is left out without a word: it looks like a service where nothing
  /// happens, or that does not exist.
  func sendEvents(
    _ query: RequestQuery, _ request: Request, to caller: Caller, from peer: Peer
  ) async throws -> Response {
    let services = try query.services()
    var response = Response(
      status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"])
    guard request.method != .head else { return response }
    let connection = try await peer.watch()
    let watcher = EventWatcher(
      services.map { .services($0.filter(caller.covers)) } ?? .all(caller.reach), .stream,
      limits: connections.limits
    ) { connection.close(.slowWatcher) }
    peer.whenGone { watcher.end() }
    let stream = EventStream(
      api: self, watcher: watcher, caller: caller, connection: connection,
      lastEventID: request.headers[.lastEventID])
    response.body = ResponseBody { writer in
      try await stream.run(&writer)
      try await writer.finish(nil)
    }
    return response
  }

  /// Returns when the service is another one than it was at a revision, when the time is over, or
  /// when the server stops.
  func waitForChange(
    of name: ServiceName, _ wait: ChangeWait, for caller: Caller, from peer: Peer
  ) async throws {
    guard wait.seconds > 0, await !registry.hasChanged(name, after: wait.revision) else { return }
    let connection = try await peer.watch()
    let watcher = EventWatcher(
      .services([name]), .call(seconds: wait.seconds), limits: connections.limits)
    peer.whenGone { watcher.end() }
    broadcast.add(watcher)
    defer {
      broadcast.remove(watcher)
      connection.endWatching()
    }
    await withTaskCancellationOrGracefulShutdownHandler {
      repeat {
        // Only now whatever changes wakes it.
        guard await !registry.hasChanged(name, after: wait.revision) else { return }
      } while await watcher.wait() == .news
    } onCancelOrGracefulShutdown: {
      watcher.end()
    }
    try access.readmit(caller)
  }
}

extension HTTPField.Name {
  /// Of the event that a client has seen last (HTML standard, section 9.2.4).
  fileprivate static let lastEventID = HTTPField.Name("Last-Event-ID")!
}
