// Who is woken by which change.

import DNSWire
import NIOCore
import ServiceRegistry
import Synchronization
import TestSupport
import Testing

@testable import RegistryAPI

@Suite("Event broadcast", .timeLimit(.minutes(2))) struct EventBroadcastTests {
  private let registry: Registry
  private let broadcast: EventBroadcast

  init() async throws {
    registry = try await makeRegistry(MemoryStore())
    broadcast = EventBroadcast(names: registry.names)
    registry.setListener(broadcast)
  }

  private func watcher(
    _ scope: EventWatcher.Scope, limits: HTTPConnectionLimits = HTTPConnectionLimits(),
    whenTooSlow: @escaping @Sendable () -> Void = {}
  ) -> EventWatcher {
    let watcher = EventWatcher(scope, .stream, limits: limits, whenTooSlow: whenTooSlow)
    broadcast.add(watcher)
    return watcher
  }

  private func register(_ service: String, _ id: String = "a", metadata: Int = 0) async throws {
    var registration = try Registration.example
    registration.metadata = try Metadata(
      (0..<metadata).map { ("key\($0)", String(repeating: "x", count: 240)) })
    _ = try await registry.register(InstanceKey(service, id), registration)
  }

  /// The lines that name the kinds and places of what `watcher` is sent next.
  private func next(_ watcher: EventWatcher, _ cursor: inout EventBroadcast.Cursor) -> [String]? {
    guard case .events(let text, let count) = broadcast.next(for: watcher, &cursor) else {
      return nil
    }
    let ids = String(buffer: text).split(separator: "\n").filter { $0.hasPrefix("id: ") }
    #expect(ids.count == count)
    return ids.map { String($0.dropFirst(4)) }
  }

  @Test("Of 10,000 watchers of 1,000 services a change of one service wakes its ten")
  func wakeups() async throws {
    var watchers: [[EventWatcher]] = []
    for number in 0..<1_000 {
      let name = try ServiceName("s\(number)")
      watchers.append((0..<10).map { _ in watcher(.services([name])) })
    }
    let tasks = watchers.map { $0.map { watcher in Task { await watcher.wait() } } }
    try await wait(for: "all to wait", within: .seconds(60)) {
      watchers.allSatisfy { $0.allSatisfy(\.isWaiting) }
    }
    try await register("s7")
    try await register("other")
    for task in tasks[7] { #expect(await task.value == .news) }
    // Those who are woken by an event are woken together, and this one comes after it.
    let last = watcher(.services([try ServiceName("last")]))
    let waiting = Task { await last.wait() }
    try await register("last")
    #expect(await waiting.value == .news)
    for (number, watchers) in watchers.enumerated() where number != 7 {
      let areAsleep = watchers.allSatisfy(\.isWaiting)
      #expect(areAsleep, "of s\(number)")
    }
    for watcher in watchers.joined() {
      watcher.end()
      broadcast.remove(watcher)
    }
    for task in tasks.joined() { _ = await task.value }
    broadcast.remove(last)
    #expect(!broadcast.isListening)
  }

  @Test("What several watched services have is sent in order, and nothing of others")
  func several() async throws {
    let both = watcher(.services([try ServiceName("b"), try ServiceName("a")]))
    let all = watcher(.all(nil))
    let some = watcher(.all { $0.text != "a" })
    for service in ["a", "b", "c", "a", "b"] { try await register(service, "\(service)\(1)") }
    for service in ["a", "b", "c"] { try await register(service, "second") }
    var cursors = Array(repeating: EventBroadcast.Cursor(revision: 0, place: 0), count: 3)
    try await wait(for: "six events") { broadcast.end >= 6 }
    #expect(next(both, &cursors[0]) == ["1", "2", "4", "5"])
    #expect(next(all, &cursors[1]) == ["1", "2", "3", "4", "5", "6"])
    #expect(next(some, &cursors[2]) == ["2", "3", "5", "6"])
    #expect(next(both, &cursors[0]) == nil)
    // What it had from the log is not sent again.
    var later = EventBroadcast.Cursor(revision: 3, place: 0)
    #expect(next(both, &later) == ["4", "5"])
    for watcher in [both, all, some] { broadcast.remove(watcher) }
  }

  @Test("Texts take so much memory and no more; who is too late for them is told so")
  func memory() async throws {
    let named = watcher(.services([try ServiceName("a")]))
    let all = watcher(.all(nil))
    let count = APILimits.recentEventsLength / 10_000
    for number in 0..<count { try await register("a", "i\(number)", metadata: 40) }
    try await wait(for: "all events", within: .seconds(60)) { broadcast.end >= count }
    var cursor = EventBroadcast.Cursor(revision: 0, place: 0)
    guard case .tooLate = broadcast.next(for: named, &cursor) else {
      Issue.record("the first is there after \(count) of more than 10,000 octets")
      return
    }
    var recent = EventBroadcast.Cursor(revision: 0, place: count - 10)
    var ids: [String] = []
    while let more = next(all, &recent) {
      #expect(more.count == 2, "about 16 KiB are sent at once")
      ids += more
    }
    #expect(ids == (count - 9...count).map(String.init))
    for watcher in [named, all] { broadcast.remove(watcher) }
  }

  @Test("A watcher that takes nothing for two seconds while more than 1 MiB comes has to go")
  func slowness() {
    let calls = Mutex(0)
    func time(_ milliseconds: Int64) -> NIODeadline {
      .uptimeNanoseconds(1_000_000_000) + .milliseconds(milliseconds)
    }
    let slow = watcher(.all(nil)) { calls.withLock { $0 += 1 } }
    slow.noteNews(9 << 20, at: time(0))
    slow.beginSending(at: time(0))
    slow.noteNews(1 << 20, at: time(5_000))
    #expect(calls.withLock(\.self) == 0, "not more than 1 MiB")
    slow.endSending()
    slow.beginSending(at: time(6_000))
    slow.noteNews(9 << 20, at: time(7_999))
    #expect(calls.withLock(\.self) == 0, "not for two seconds")
    slow.noteNews(1, at: time(8_000))
    #expect(calls.withLock(\.self) == 1)
    slow.endSending()
    slow.noteNews(9 << 20, at: time(20_000))
    #expect(calls.withLock(\.self) == 1, "it takes what comes")
    broadcast.remove(slow)
  }

  @Test("Signals that come before a watcher waits are not lost, and news goes last")
  func signals() async {
    let watcher = watcher(.all(nil))
    watcher.noteTime()
    watcher.noteNews(1, at: .now())
    #expect(await watcher.wait() == .heartbeat)
    #expect(await watcher.wait() == .news)
    #expect(await watcher.wait(hasMore: true) == .news)
    watcher.noteNews(1, at: .now())
    watcher.end()
    for _ in 0..<2 { #expect(await watcher.wait() == .end) }
    broadcast.remove(watcher)
  }
}
