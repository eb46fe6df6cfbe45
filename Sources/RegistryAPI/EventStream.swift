// The events that one client is sent, until it goes or the server stops.

import Hummingbird
import NIOCore
import ServiceLifecycle
import ServiceRegistry

/// First what the client has missed, from the registry's log, then what comes, from the broadcast.
/// Who takes events too slowly for the broadcast's memory is sent them from the log again; who is
/// too slow for that too is told to list again.
struct EventStream: Sendable {
  let api: RegistryAPI
  let watcher: EventWatcher
  let caller: Caller
  let connection: WatcherConnection
  /// As the client sends it; nil: from now on.
  let lastEventID: String?

  private var broadcast: EventBroadcast { api.broadcast }

  func run(_ writer: inout any ResponseBodyWriter) async throws {
    broadcast.add(watcher)
    defer {
      broadcast.remove(watcher)
      connection.endWatching()
    }
    try await withTaskCancellationOrGracefulShutdownHandler {
      try await send(&writer)
    } onCancelOrGracefulShutdown: { [watcher, connection] in
      watcher.end()
      // Nobody waits for a client that takes nothing; it resumes at the next start.
      if watcher.isSending { connection.close(.ended) }
    }
  }

  private func send(_ writer: inout any ResponseBodyWriter) async throws {
    var cursor = try await begin(&writer)
    while true {
      let hasMore = try await sendSome(from: &cursor, &writer)
      switch await watcher.wait(hasMore: hasMore) {
      case .news: break
      case .heartbeat:
        guard (try? api.access.readmit(caller)) != nil else { return }
        try await write(EventText.heartbeat, &writer)
      case .end: return
      }
    }
  }

  /// - Returns: from where on events are to be sent. That the place is none makes it begin with
  ///   the log.
  private func begin(
    _ writer: inout any ResponseBodyWriter
  ) async throws -> EventBroadcast.Cursor {
    let place = broadcast.end
    guard let lastEventID else {
      let revision = await api.registry.publishedRevision
      try await write(EventText.begin(at: revision), &writer)
      return EventBroadcast.Cursor(revision: revision, place: place)
    }
    // What is no number is unknown as one that was never given out.
    return EventBroadcast.Cursor(revision: UInt64(lastEventID) ?? .max, place: -1)
  }

  /// - Returns: false when there was nothing to be sent.
  private func sendSome(
    from cursor: inout EventBroadcast.Cursor, _ writer: inout any ResponseBodyWriter
  ) async throws -> Bool {
    switch broadcast.next(for: watcher, &cursor) {
    case .nothing: return false
    case .events(let text, let count):
      try await write(text, &writer)
      broadcast.noteSent(count)
    case .tooLate:
      try await sendMissed(from: &cursor, &writer)
    }
    return true
  }

  /// Sends a page of the log.
  private func sendMissed(
    from cursor: inout EventBroadcast.Cursor, _ writer: inout any ResponseBodyWriter
  ) async throws {
    let place = broadcast.end
    let scope = watcher.scope
    guard let page = await api.registry.events(after: cursor.revision, where: scope.contains)
    else {
      cursor.revision = await api.registry.publishedRevision
      try await write(EventText.reset(to: cursor.revision), &writer)
      return broadcast.noteReset()
    }
    var text = ByteBuffer()
    for event in page.events {
      text.writeImmutableBuffer(EventText.text(of: event, api.registry.names))
    }
    if !page.events.isEmpty { try await write(text, &writer) }
    broadcast.noteSent(page.events.count)
    cursor.revision = page.reached
    if page.isLast { cursor.place = place }
  }

  private func write(
    _ text: ByteBuffer, _ writer: inout any ResponseBodyWriter
  ) async throws {
    watcher.beginSending(at: .now())
    defer { watcher.endSending() }
    try await writer.write(text)
  }
}
