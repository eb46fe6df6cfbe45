// When an instance of a mesh is left alone, and how it comes back.

import RollcallClient
import TestSupport
import Testing

@Suite("The ejection of instances that fail")
struct MeshEjectionTests {
  /// A pool in which the instances of a set fail.
  private final class Trial {
    let settings: EjectionSettings
    var pool: EndpointPool
    var random = SeededRandom(seed: 2)
    var now = Duration.zero
    var failing: Set<String> = []
    var changes: [EndpointPool.Change] = []

    init(_ count: Int, _ change: (inout EjectionSettings) -> Void = { _ in }) {
      var settings = EjectionSettings()
      change(&settings)
      self.settings = settings
      pool = EndpointPool(.roundRobin, settings)
      update(1...count)
    }

    /// The first fails on.
    static func withFirstOfTwoEjected() throws -> Trial {
      let trial = Trial(2)
      trial.failing = ["i1"]
      try trial.calls(20)
      return trial
    }

    func update(_ numbers: ClosedRange<Int>) {
      pool.update(
        numbers.map { Endpoint(address: "192.0.2.\($0)", port: 80, host: "i\($0)") }, at: now)
    }

    func choose(isRepeatable: Bool = true) throws -> EndpointPool.Choice {
      let choice = pool.choose(.first(isRepeatable: isRepeatable), at: now, using: &random)
      return try #require(choice)
    }

    @discardableResult
    func calls(_ count: Int, isRepeatable: Bool = true) throws -> [String] {
      try (0..<count).map { _ in
        let choice = try choose(isRepeatable: isRepeatable)
        let fails = failing.contains(choice.endpoint.host)
        let change = pool.finish(
          choice, fails ? .failure(retryAfter: nil) : .success, at: now)
        if let change { changes.append(change) }
        return choice.endpoint.host
      }
    }

    var ejected: [String] {
      pool.members.filter { $0.health.state != .inUse }.map(\.endpoint.host)
    }

    /// How long the ejections of this instance were to last.
    func periods(_ host: String) -> [Duration] {
      changes.compactMap {
        guard case .ejected(let endpoint, let period) = $0, endpoint.host == host else {
          return nil
        }
        return period
      }
    }
  }

  @Test("Failures in a row eject an instance, one fewer does not")
  func consecutive() throws {
    let trial = Trial(4)
    trial.failing = ["i2"]
    try trial.calls(4 * 4)
    #expect(trial.ejected.isEmpty)
    try trial.calls(4)
    #expect(trial.ejected == ["i2"])
    #expect(!(try trial.calls(20)).contains("i2"))
  }

  @Test("A success amid failures begins the row anew, but a high share ejects all the same")
  func share() throws {
    let trial = Trial(3) { $0.failureShareMinimum = 20 }
    var ejectedAfter: Int?
    for turn in 1...40 where ejectedAfter == nil {
      trial.failing = turn % 3 == 0 ? [] : ["i1"]
      try trial.calls(3)
      if !trial.ejected.isEmpty { ejectedAfter = turn }
    }
    #expect(ejectedAfter == 20)
  }

  @Test("A low share of failures ejects nobody, and old failures are forgotten")
  func lowShare() throws {
    let trial = Trial(3)
    for turn in 1...60 {
      trial.failing = turn % 5 < 2 ? ["i1"] : []
      try trial.calls(3)
    }
    #expect(trial.ejected.isEmpty)
    // 24 of 60 failed; as many more failures in a mix would be too many, had the time not passed.
    trial.now = .seconds(11)
    for turn in 1...19 {
      trial.failing = turn % 4 == 0 ? [] : ["i1"]
      try trial.calls(3)
    }
    #expect(trial.ejected.isEmpty)
  }

  @Test("No more than the share are ejected at a time", arguments: [(1, 0), (2, 1), (5, 2)])
  func limit(count: Int, most: Int) throws {
    let trial = Trial(count)
    trial.failing = Set((1...count).map { "i\($0)" })
    try trial.calls(count * 20)
    #expect(trial.ejected.count == most)
  }

  @Test("When those that serve leave, the ejected come back as far as the share demands")
  func shrinking() throws {
    let trial = Trial(6)
    trial.failing = ["i1", "i2", "i3"]
    try trial.calls(60)
    #expect(trial.ejected.count == 3)
    trial.update(1...4)
    #expect(trial.ejected.count == 2)
  }

  @Test("One call decides about the return, others go elsewhere meanwhile")
  func oneTrial() throws {
    let trial = try Trial.withFirstOfTwoEjected()
    trial.now = trial.settings.firstPeriod - .nanoseconds(1)
    #expect(Set(try trial.calls(5)) == ["i2"])
    trial.now = trial.settings.firstPeriod
    let decider = try trial.choose()
    #expect(decider.isTrial && decider.endpoint.host == "i1")
    #expect(Set(try trial.calls(5)) == ["i2"])
    let change = trial.pool.finish(decider, .success, at: trial.now)
    #expect(change == .returned(decider.endpoint))
    trial.failing = []
    #expect(try trial.calls(6).count { $0 == "i1" } == 3)
  }

  @Test("A caller that gives up decides nothing: the next call does")
  func abandoned() throws {
    let trial = try Trial.withFirstOfTwoEjected()
    trial.now = trial.settings.firstPeriod
    let decider = try trial.choose()
    let change = trial.pool.finish(decider, .abandoned, at: trial.now)
    #expect(change == nil)
    #expect(try trial.choose().isTrial)
  }

  @Test("A call that can't be repeated tries a suspect only when nobody else did for long")
  func sparing() throws {
    let trial = try Trial.withFirstOfTwoEjected()
    trial.now = trial.settings.firstPeriod
    #expect(Set(try trial.calls(5, isRepeatable: false)) == ["i2"])
    trial.now = trial.settings.firstPeriod * 2
    #expect(try trial.calls(1, isRepeatable: false) == ["i1"])
  }

  @Test("Ejections last twice as long each time, up to the longest, and anew after long service")
  func growth() throws {
    let trial = Trial(4) { $0.longestPeriod = .seconds(10) }
    trial.failing = ["i1"]
    try trial.calls(20)
    for _ in 0..<4 {
      trial.now += .seconds(10)
      try trial.calls(1)
    }
    #expect(trial.periods("i1") == [2, 4, 8, 10, 10].map(Duration.seconds))
    trial.failing = []
    trial.now += .seconds(10)
    try trial.calls(4)
    #expect(trial.ejected.isEmpty)
    trial.now += .seconds(10)
    trial.failing = ["i1"]
    try trial.calls(20)
    #expect(trial.periods("i1").last == .seconds(2))
  }

  @Test("While no more may be ejected, those that serve again come back early and make room")
  func room() throws {
    let trial = try Trial.withFirstOfTwoEjected()
    for second in [2, 6, 14] {
      trial.now = .seconds(second)
      try trial.calls(2)
    }
    // Its ejection would last until 30 s.
    trial.failing = ["i2"]
    trial.now = .seconds(17)
    try trial.calls(20)
    #expect(trial.ejected == ["i2"])
  }

  @Test("An instance that asks for time gets it, if it may be ejected")
  func retryAfter() throws {
    let trial = Trial(2)
    let first = try trial.choose()
    let change = trial.pool.finish(first, .failure(retryAfter: .seconds(5)), at: .zero)
    #expect(change == .ejected(first.endpoint, for: .seconds(5)))
    // As many are ejected as may be, which shortens ejections, but not what an instance asked for.
    for second in [1, 3, 4] {
      trial.now = .seconds(second)
      #expect(Set(try trial.calls(4)) == ["i2"])
    }
    let other = try trial.choose()
    let none = trial.pool.finish(other, .failure(retryAfter: .seconds(5)), at: trial.now)
    #expect(none == nil)
  }

  @Test("What an instance asks for counts also where it is ejected, up to the longest period")
  func retryAfterFailures() throws {
    let trial = Trial(2) { $0.consecutiveFailures = 1 }
    let first = try trial.choose()
    let change = trial.pool.finish(first, .failure(retryAfter: .seconds(9)), at: .zero)
    #expect(change == .ejected(first.endpoint, for: .seconds(9)))
    trial.now = .seconds(8)
    #expect(Set(try trial.calls(4)) == ["i2"])
    trial.now = .seconds(9)
    let decider = try trial.choose()
    #expect(decider.isTrial)
    let again = trial.pool.finish(decider, .failure(retryAfter: .seconds(3_600)), at: trial.now)
    #expect(again == .ejected(first.endpoint, for: .seconds(30)))
    trial.now = .seconds(38)
    #expect(Set(try trial.calls(4)) == ["i2"])
  }
}
