// The instances of one service, and whose turn it is.

/// Chooses an instance for each try, and learns from how the tries end. A value without a clock:
/// the time and the randomness are arguments.
///
/// Turns are a smooth weighted round-robin: in each run of as many choices as the weights add up
/// to, every instance is chosen exactly as often as its weight says. A retry goes to a random other
/// instance, which pays for it like for a turn, so that the turns that follow even it out.
package struct EndpointPool: Sendable {
  /// What a try is for.
  package enum Wish: Sendable {
    /// The first of a call, which may be repeated at another instance or not.
    case first(isRepeatable: Bool)
    /// Another one, after these.
    case retry(tried: [Int])
  }

  /// An instance for one try, to be handed back with how the try ended.
  package struct Choice: Sendable {
    package let id: Int
    package let endpoint: Endpoint
    /// Whether the try decides about the return of an ejected instance.
    package let isTrial: Bool
  }

  package enum Outcome: Sendable {
    case success
    case failure(retryAfter: Duration?)
    /// The caller gave up, which says nothing of the instance.
    case abandoned
  }

  package enum Change: Equatable, Sendable {
    case ejected(Endpoint, for: Duration)
    case returned(Endpoint)
  }

  /// Debts and claims beyond as many rounds are forgotten.
  private static let longestMemory: Int64 = 4

  package private(set) var members: [PoolMember] = []
  private let balancing: Balancing
  private let ejection: EjectionSettings
  private var newest: [Endpoint] = []
  private var nextID = 0

  package init(_ balancing: Balancing, _ ejection: EjectionSettings) {
    self.balancing = balancing
    self.ejection = ejection
  }

  // MARK: The set

  /// Takes what the directory says now. Those that stay keep their turn, in the order in which they
  /// came; those that are new stand behind them with the average of what the others are owed.
  package mutating func update(_ endpoints: [Endpoint], at now: Duration) {
    guard endpoints != newest else { return }
    newest = endpoints
    var given: [PoolMember.Identity: Endpoint] = [:]
    for endpoint in endpoints { given[PoolMember.Identity(endpoint)] = endpoint }
    members = members.compactMap { member in
      var kept = member
      guard let known = given.removeValue(forKey: PoolMember.Identity(member.endpoint)) else {
        return nil
      }
      kept.endpoint = known
      return kept
    }
    for endpoint in endpoints {
      guard let new = given.removeValue(forKey: PoolMember.Identity(endpoint)) else { continue }
      let credit = averageCredit(ofPriority: new.priority)
      members.append(PoolMember(id: nextID, new, credit: credit))
      nextID += 1
    }
    returnThoseBeyondTheLimit(at: now)
  }

  /// When instances that serve have left, the ejected may be more of the rest than is allowed.
  private mutating func returnThoseBeyondTheLimit(at now: Duration) {
    while notInUse > mostEjected {
      guard let index = members.firstIndex(where: { !$0.isInUse }) else { return }
      comeBack(index, at: now)
    }
  }

  private var notInUse: Int { members.count { !$0.isInUse } }

  private var mostEjected: Int { Int(Double(members.count) * ejection.mostEjected) }

  private func averageCredit(ofPriority priority: Int) -> Int64 {
    let credits = members.filter { $0.isInUse && $0.endpoint.priority == priority }.map(\.credit)
    return credits.isEmpty ? 0 : credits.reduce(0, +) / Int64(credits.count)
  }

  // MARK: The choice

  /// - Returns: nil if there is no instance at all.
  package mutating func choose(
    _ wish: Wish, at now: Duration, using generator: inout some RandomNumberGenerator
  ) -> Choice? {
    let candidates: [Int]
    let chosen: Int
    switch wish {
    case .first(let isRepeatable):
      let group = bestGroup(without: [])
      if let due = dueForTrial(isRepeatable, bestPriority(of: group), at: now) {
        members[due].health.beginTrial()
        return take(due, isTrial: true)
      }
      // Turns are among equals: who was busy is owed nothing.
      candidates = balancing == .leastOutstanding ? leastLoaded(of: group) : group
      guard let next = nextInTurn(candidates) else { return nil }
      chosen = next
    case .retry(let tried):
      candidates = bestGroup(without: tried)
      guard let other = randomOne(owed(among: candidates), using: &generator) else { return nil }
      chosen = other
    }
    pay(chosen, among: candidates)
    return take(chosen, isTrial: false)
  }

  /// Whether a retry would find an instance in use that was not tried.
  package func hasOther(than tried: [Int]) -> Bool {
    members.contains { $0.isInUse && !tried.contains($0.id) }
  }

  /// Those in use with the lowest priority number. Where all of them were tried, the others than
  /// the last one, and it if it is the only one; where none is in use, all: a try that may fail is
  /// better than none.
  private func bestGroup(without tried: [Int]) -> [Int] {
    let inUse = members.indices.filter { members[$0].isInUse }
    let usable = inUse.isEmpty ? Array(members.indices) : inUse
    let fresh = usable.filter { !tried.contains(members[$0].id) }
    let others = fresh.isEmpty ? usable.filter { members[$0].id != tried.last } : fresh
    let candidates = others.isEmpty ? usable : others
    let best = bestPriority(of: candidates)
    return candidates.filter { members[$0].endpoint.priority == best }
  }

  private func bestPriority(of candidates: [Int]) -> Int {
    candidates.map { members[$0].endpoint.priority }.min() ?? .max
  }

  /// An ejected instance whose time is over. While no more may be ejected, that is after the first
  /// period at the latest, unless it asked for more: those that serve again are to make room for
  /// those that don't.
  ///
  /// A call that can't be repeated is spared unless no other one came for as long.
  private func dueForTrial(
    _ isRepeatable: Bool, _ priority: Int, at now: Duration
  ) -> Int? {
    let isFull = notInUse > 0 && notInUse >= mostEjected
    let time = isRepeatable ? now : now - ejection.firstPeriod
    return members.firstIndex {
      $0.endpoint.priority <= priority
        && $0.health.isDue(at: time, shortened: isFull ? ejection.firstPeriod : nil)
    }
  }

  /// Those with the fewest tries under way for their weight, this one counted.
  private func leastLoaded(of candidates: [Int]) -> [Int] {
    func isLess(_ one: PoolMember, than other: PoolMember) -> Bool {
      Int64(one.outstanding + 1) * other.weight < Int64(other.outstanding + 1) * one.weight
    }
    let least = candidates.min { isLess(members[$0], than: members[$1]) }
    guard let least else { return [] }
    return candidates.filter { !isLess(members[least], than: members[$0]) }
  }

  private func nextInTurn(_ candidates: [Int]) -> Int? {
    // As it will be when all have got their weight. Among equals the first.
    candidates.reduce(nil) { best, index in
      guard let best else { return index }
      let (one, other) = (members[index], members[best])
      return one.credit + one.weight > other.credit + other.weight ? index : best
    }
  }

  /// Those that are owed no less than the average. If retries went also to those that are ahead,
  /// an instance that fails or leaves soon could get far more than its share before turns even it
  /// out.
  private func owed(among candidates: [Int]) -> [Int] {
    let sum = candidates.reduce(0) { $0 + members[$1].credit }
    let count = Int64(candidates.count)
    return candidates.filter { members[$0].credit * count >= sum }
  }

  private func randomOne(
    _ candidates: [Int], using generator: inout some RandomNumberGenerator
  ) -> Int? {
    let total = candidates.reduce(0) { $0 + members[$1].weight }
    guard total > 0 else { return nil }
    var point = Int64.random(in: 0..<total, using: &generator)
    return candidates.first { index in
      point -= members[index].weight
      return point < 0
    }
  }

  private mutating func pay(_ chosen: Int, among candidates: [Int]) {
    let total = candidates.reduce(0) { $0 + members[$1].weight }
    let bound = total * Self.longestMemory
    for index in candidates {
      members[index].credit = min(members[index].credit + members[index].weight, bound)
    }
    members[chosen].credit = max(members[chosen].credit - total, -bound)
  }

  private mutating func take(_ index: Int, isTrial: Bool) -> Choice {
    members[index].outstanding += 1
    return Choice(id: members[index].id, endpoint: members[index].endpoint, isTrial: isTrial)
  }

  // MARK: The end of a try

  /// - Returns: what has become of the instance by it, if anything.
  package mutating func finish(
    _ choice: Choice, _ outcome: Outcome, at now: Duration
  ) -> Change? {
    guard let index = members.firstIndex(where: { $0.id == choice.id }) else { return nil }
    members[index].outstanding -= 1
    if choice.isTrial, members[index].health.state == .onTrial {
      return endTrial(index, outcome, at: now)
    }
    // A try that began before the ejection says nothing new.
    guard members[index].isInUse else { return nil }
    switch outcome {
    case .abandoned: return nil
    case .success:
      _ = members[index].health.record(success: true, at: now, ejection)
      return nil
    case .failure(let asked):
      let isDue = members[index].health.record(success: false, at: now, ejection)
      guard isDue || asked != nil, notInUse < mostEjected else { return nil }
      return isDue ? eject(index, asked, at: now) : asked.map { rest(index, $0, at: now) }
    }
  }

  private mutating func endTrial(_ index: Int, _ outcome: Outcome, at now: Duration) -> Change? {
    switch outcome {
    case .success:
      comeBack(index, at: now)
      return .returned(members[index].endpoint)
    case .failure(let asked): return eject(index, asked, at: now)
    case .abandoned:
      members[index].health.abandonTrial(at: now)
      return nil
    }
  }

  private mutating func eject(_ index: Int, _ asked: Duration?, at now: Duration) -> Change {
    let period = members[index].health.eject(asked: asked, at: now, ejection)
    return .ejected(members[index].endpoint, for: period)
  }

  private mutating func rest(_ index: Int, _ asked: Duration, at now: Duration) -> Change {
    let period = members[index].health.rest(asked, at: now, ejection)
    return .ejected(members[index].endpoint, for: period)
  }

  private mutating func comeBack(_ index: Int, at now: Duration) {
    members[index].credit = averageCredit(ofPriority: members[index].endpoint.priority)
    members[index].health.comeBack(at: now)
  }
}
