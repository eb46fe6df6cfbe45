// When a lease is renewed, and what follows a failure.

import RollcallClient
import Testing

@Suite("Keeping a lease")
struct LeasePlanTests {
  @Test("After a registration the lease is renewed at a third of it, a tenth sooner or later")
  func renewal() {
    for (random, milliseconds) in [(0, 9_000), (0.5, 10_000), (1, 11_000)] {
      var plan = LeasePlan(leaseSeconds: 30)
      #expect(plan.step == .register)
      #expect(
        abs(plan.pause(after: .kept, random: random) / .milliseconds(1) - Double(milliseconds)) < 1)
      #expect(plan.step == .renew)
    }
  }

  @Test("An instance that the server does not know is registered at once")
  func forgotten() {
    var plan = LeasePlan(leaseSeconds: 30)
    _ = plan.pause(after: .kept, random: 0)
    #expect(plan.pause(after: .gone, random: 1) == .zero)
    #expect(plan.step == .register)
    _ = plan.pause(after: .kept, random: 0)
    #expect(plan.step == .renew)
  }

  @Test("Failures are tried again after doubled times, up to half a minute, and the step stays")
  func failures() {
    var plan = LeasePlan(leaseSeconds: 3_600)
    #expect(
      (0..<9).map { _ in plan.pause(after: .failed(), random: 1) }
        == [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]
        .map(Duration.milliseconds))
    #expect(plan.step == .register)
    _ = plan.pause(after: .kept, random: 0)
    #expect(plan.pause(after: .failed(), random: 0) == .milliseconds(250))
    #expect(plan.step == .renew)
  }

  @Test("A short lease is never left alone for longer than a third of it")
  func shortLease() {
    var plan = LeasePlan(leaseSeconds: 1)
    for _ in 0..<5 { #expect(plan.pause(after: .failed(), random: 1) <= .milliseconds(333)) }
  }

  @Test(
    "A server is left alone for as long as it asks, but not for longer than a third of the lease")
  func asked() {
    var plan = LeasePlan(leaseSeconds: 30)
    #expect(plan.pause(after: .failed(asked: .seconds(4)), random: 0) == .seconds(4))
    #expect(plan.pause(after: .failed(asked: .seconds(60)), random: 0) == .seconds(10))
  }

  @Test("A lease without end is looked after once a minute")
  func endless() {
    #expect(LeasePlan(leaseSeconds: nil).interval == .seconds(60))
  }
}
