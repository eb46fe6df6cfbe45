// When watchers are woken though nothing has changed.

import NIOCore
import Testing

@testable import RegistryAPI

@Suite("Watchers' times") struct WatcherTimesTests {
  private let start = NIODeadline.uptimeNanoseconds(123_456_789_012)
  private var times: WatcherTimes

  init() {
    times = WatcherTimes(at: start)
  }

  private func call(_ seconds: Int) -> EventWatcher {
    EventWatcher(.all(nil), .call(seconds: seconds), limits: HTTPConnectionLimits())
  }

  private mutating func takeDue(at time: NIODeadline) -> [ObjectIdentifier] {
    times.takeDue(at: time).map { ObjectIdentifier($0) }
  }

  @Test("A call is woken once, not before its time and at most a step after")
  mutating func calls() {
    let (short, long) = (call(1), call(300))
    times.add(long, at: start)
    times.add(short, at: start)
    #expect(takeDue(at: start + .seconds(1) - .nanoseconds(1)).isEmpty)
    #expect(takeDue(at: start + .seconds(1) + WatcherTimes.step) == [ObjectIdentifier(short)])
    #expect(takeDue(at: start + .seconds(300) - .nanoseconds(1)).isEmpty)
    #expect(takeDue(at: start + .seconds(300) + WatcherTimes.step) == [ObjectIdentifier(long)])
    #expect(takeDue(at: start + .seconds(1_000)).isEmpty)
  }

  @Test("Who has gone is not woken")
  mutating func removal() {
    let (gone, other) = (call(1), call(1))
    times.add(gone, at: start)
    times.add(other, at: start)
    times.remove(gone)
    times.remove(gone)
    #expect(takeDue(at: start + .seconds(2)) == [ObjectIdentifier(other)])
  }

  @Test("A stream is woken again and again, once for a long time that nobody looked")
  mutating func streams() {
    let stream = EventWatcher(.all(nil), .stream, limits: HTTPConnectionLimits())
    times.add(stream, at: start)
    let seconds = Int64(HTTPConnectionLimits().heartbeatSeconds)
    #expect(takeDue(at: start + .seconds(10 * seconds)) == [ObjectIdentifier(stream)])
    #expect(takeDue(at: start + .seconds(11 * seconds) - .nanoseconds(1)).isEmpty)
    #expect(
      takeDue(at: start + .seconds(11 * seconds) + WatcherTimes.step) == [ObjectIdentifier(stream)])
    times.remove(stream)
    #expect(takeDue(at: start + .seconds(100 * seconds)).isEmpty)
  }
}
