// How often, and until when, a call is made again.

import RollcallClient
import Testing

@Suite("Trying again")
struct RetryScheduleTests {
  private let schedule = RetrySchedule(budget: .seconds(5))

  private func pause(
    _ failures: Int, elapsed: Double = 0, asked: Duration? = nil, random: Double = 1
  ) -> Duration? {
    schedule.pause(
      failures: failures, elapsed: .seconds(elapsed), asked: asked, random: random)
  }

  @Test("Pauses double up to two seconds and vary by a quarter")
  func doubling() {
    #expect(
      (1...6).map { pause($0) } == [200, 400, 800, 1_600, 2_000, 2_000].map(Duration.milliseconds))
    #expect(pause(1, random: 0) == .milliseconds(150))
  }

  @Test("The server's own wish is a pause at least")
  func wish() {
    #expect(pause(1, asked: .seconds(3)) == .seconds(3))
    #expect(pause(5, asked: .seconds(1)) == .seconds(2))
  }

  @Test("No try begins after the budget")
  func budget() {
    #expect(pause(1, elapsed: 4.8) == .milliseconds(200))
    #expect(pause(1, elapsed: 4.9) == nil)
    #expect(pause(1, asked: .seconds(6)) == nil)
    #expect(
      RetrySchedule(budget: .zero).pause(failures: 1, elapsed: .zero, asked: nil, random: 0) == nil)
  }
}
