// One random history of a registry: commands, time, faults of the store, crashes.

import DNSWire
import ServiceRegistry
import TestSupport

/// A registry beside a model of what it must answer. The same seed is always the same history.
package struct Simulation {
  var server: RegistryUnderTest
  var random: SeededRandom
  var model = Model()
  /// Milliseconds since the start.
  var now = 0
  var serial: UInt32
  /// The highest that a reply told.
  var revision: UInt64 = 0
  var follower = Follower()
  /// Instances that were registered for bursts.
  var bursts = 0
  private var wallOffset: Int64 = 0
  /// What was done last, for the report of a broken promise.
  private(set) var deed = "the start"

  /// Seconds that answers may be kept, and a drain takes at most.
  static let ttl = 5
  static let drainSeconds = 6

  /// Nil where there is none.
  private let brake: BrakeSettings?

  package init(seed: UInt64) async throws {
    random = SeededRandom(seed: seed)
    var settings = RegistrySettings()
    if seed % 4 == 3 {
      settings.brake.share = 40
      settings.brake.minimum = 3
      settings.brake.windowSeconds = 5
      settings.brake.holdSeconds = 3
    }
    brake = settings.brake.share.map { _ in settings.brake }
    server = try await RegistryUnderTest(settings: settings)
    serial = try server.serial()
  }

  /// Carries out a whole history. Each step is followed by a look at one service, some by one at
  /// all.
  ///
  /// - Throws: ``BrokenPromise``, its detail beginning with the step.
  package static func run(seed: UInt64, steps: Int) async throws {
    var simulation = try await Simulation(seed: seed)
    for step in 0..<steps {
      do {
        try await simulation.step()
        try await simulation.checkPromises(isThorough: step % 8 == 7)
        try await simulation.checkEvents()
      } catch let broken as BrokenPromise {
        throw BrokenPromise(
          broken.promise, "step \(step), after \(simulation.deed): \(broken.detail)")
      }
    }
  }

  // MARK: What happens

  private mutating func step() async throws {
    let deeds: [(weight: Int, name: String)] = [
      (14, "a registration"), (4, "a deregistration"), (6, "a renewal"),
      (5, "a change of status"), (5, "a drain"), (2, "the removal of a service"),
      (10, "time"), (2, "a crash"), (1, "a crash amid a commit"), (5, "a burst"),
      (2, "a slow drain"), (3, "coming faults"), (1, "a failing store"), (2, "a clock step"),
    ]
    var choice = Int.random(in: 0..<deeds.reduce(0) { $0 + $1.weight }, using: &random)
    let place = deeds.firstIndex { deed in
      choice -= deed.weight
      return choice < 0
    }
    deed = deeds[place ?? 0].name
    switch deed {
    case "a registration": try await register()
    case "a deregistration": try await deregister()
    case "a renewal": try await renew(status: nil)
    case "a change of status":
      try await renew(status: InstanceStatus.allCases.randomElement(using: &random))
    case "a drain": try await drain()
    case "the removal of a service": try await removeService()
    case "time": try await advance()
    case "a crash": try await crash()
    case "a crash amid a commit": try await crashAmidCommit()
    case "a burst": try await burst()
    case "a slow drain": try await drainSlowly()
    case "coming faults": try await failSome()
    case "a failing store": try await failForAWhile()
    default: stepWall()
    }
  }

  /// Lets time go on, in one of a few lengths.
  mutating func advance(by choices: [Int] = [20, 200, 1_000, 2_500]) async throws {
    let milliseconds = choices.randomElement(using: &random) ?? 20
    now += milliseconds
    await server.advance(by: Double(milliseconds) / 1_000)
    try endLeases()
  }

  /// Milliseconds that the brake holds an instance.
  private var holdTime: Int { (brake?.holdSeconds ?? 0) * 1_000 }

  /// What has ended is gone, unless the brake holds it, which it does a moment before.
  private mutating func endLeases() throws {
    let lead = brake == nil ? 0 : 100
    let due = model.entries.keys.filter { (model.entries[$0]?.end ?? .max) <= now + lead }
    model.judge(due)
    var expired: [ServiceName: [Model.Entry]] = [:]
    for key in due {
      guard let entry = model.entries[key] else { continue }
      if try isHeld(key, entry) {
        let end = entry.leaseEnd.map { $0 + holdTime }
        model.entries[key]?.leaseEnd = end
        model.entries[key]?.isHeld = true
      } else if (entry.end ?? .max) <= now {
        // After a long time even a hold is over.
        let couldBeHeld = entry.leaseEnd.map { $0 + holdTime > now } ?? false
        if entry.drainEnd == nil && !entry.isHeld && couldBeHeld {
          expired[key.service, default: []].append(entry)
        }
        model.end(key)
      }
    }
    try checkShares(expired)
  }

  /// No more of a service may end at once than its share, of the instances that it had when the
  /// brake decided: one that came in the moment since counts for the next.
  private func checkShares(_ expired: [ServiceName: [Model.Entry]]) throws {
    guard let brake, let share = brake.share else { return }
    for (service, entries) in expired {
      let count = entries.count
      let whole = entries.compactMap(\.wholeWhenJudged).max() ?? 0
      try expect(
        .neverStale, count == 1 || whole < brake.minimum || count * 100 <= whole * share,
        "\(count) of \(whole) instances of \(service) expired at once")
    }
  }

  /// Whether an answer has the instance longer than its lease runs, and says so.
  private func isHeld(_ key: InstanceKey, _ entry: Model.Entry) throws -> Bool {
    guard brake != nil, entry.drainEnd == nil, !entry.isHeld, let end = entry.leaseEnd,
      end + holdTime > now
    else { return false }
    let reply = try server.ask("\(key.id).\(key.service)", .a, hasEDNS: true)
    let isStale = reply.extendedError == 3
    try expect(
      .neverStale, isStale || reply.answer.isEmpty || end > now,
      "\(key) is answered after its lease's end as if nothing were the matter")
    return isStale
  }

  /// Sets the wall clock; no more than hours, as services without instances live for a day of it.
  private mutating func stepWall() {
    let offset: Int64 = [-21_600, -1, 0, 1, 21_600].randomElement(using: &random) ?? 0
    server.clock.stepWall(by: offset - wallOffset)
    wallOffset = offset
  }

  // MARK: Faults

  private mutating func failSome() async throws {
    let fates: [MemoryStore.Fate] = [.refused, .lostInDoubt, .keptInSilence, .kept]
    try await server.settle()
    await server.store.setNext(
      (0..<Int.random(in: 1...3, using: &random)).map { _ in
        fates.randomElement(using: &random) ?? .kept
      })
  }

  /// Every commit fails while leases end, and all else is as before.
  private mutating func failForAWhile() async throws {
    try await server.settle()
    await server.store.setNext([])
    await server.store.setStanding(Bool.random(using: &random) ? .refused : .lostInDoubt)
    for _ in 0..<3 {
      try await register()
      try await renew(status: nil)
      try await advance()
      try await checkPromises(.dnsOutlivesStore)
    }
    await server.store.setStanding(.kept)
  }

  /// Lets the store work from now on. After a replacement that failed there is none for a second.
  mutating func mendStore() async throws {
    try await server.settle()
    await server.store.setNext([])
    guard await server.registry.storeFailure != nil else { return }
    try await advance(by: [1_000])
    try await server.settle()
  }

  // MARK: Crashes

  /// What was acknowledged is there again, each lease running its full length.
  private mutating func crash() async throws {
    try await server.settle()
    await server.store.setNext([])
    try await start(on: server.store)
  }

  /// The process ends while a commit is under way, which is on disk then or not.
  private mutating func crashAmidCommit() async throws {
    try await mendStore()
    let key = try someKey()
    let registration = try someRegistration()
    guard !model.isTaken(key), model.entries[key]?.registration != registration else { return }
    let registry = server.registry
    await server.store.hold()
    let hanging = Task { _ = try await registry.register(key, registration) }
    await server.store.waitUntilHeld()
    model.doubt(.register(key, registration))
    let old = server.store
    let disk = await old.copy(withHeld: Bool.random(using: &random))
    try await start(on: disk)
    // The old process is gone; this one only lets its task end.
    await old.release()
    _ = await hanging.result
  }

  private mutating func start(on store: MemoryStore) async throws {
    let stored = try await store.load()
    let kept = try await store.allInstances()
    try checkStored(stored.services, kept)
    model.services = Dictionary(
      uniqueKeysWithValues: stored.services.map { record in
        let hasTag = record.claims.tags.contains { $0.text == Model.tag }
        return (record.name, Model.Known(hasTag: hasTag, hasPort: !record.claims.ports.isEmpty))
      })
    model.ended = []
    model.settleDoubt()
    let before = try server.serial()
    let wall = server.clock.wall
    server = try await server.restarted(on: store)
    model.entries = [:]
    for instance in kept {
      let left = instance.safeAt.map { min(max(0, Int($0 - wall)), Self.drainSeconds * 1_000) }
      model.entries[instance.key] = Model.Entry(
        instance.registration, at: now, drainEnd: left.map { now + $0 })
      revision = max(revision, instance.revision)
    }
    serial = try server.serial()
    try expect(.replies, serial > before, "the serial is not higher after a restart")
    await server.advance(by: 0)
    try endLeases()
  }

  private func checkStored(_ services: [ServiceRecord], _ kept: [Instance]) throws {
    let instances = Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0) })
    for key in Set(instances.keys).union(model.entries.keys)
    where !model.doubtfulKeys.contains(key) && !model.doubtfulServices.contains(key.service) {
      guard let entry = model.entries[key] else {
        try expect(.durable, model.ended.contains(key), "\(key) is there again after a crash")
        continue
      }
      guard let instance = instances[key] else {
        throw BrokenPromise(.durable, "\(key) is gone after a crash")
      }
      try expect(
        .durable, instance.registration == entry.registration,
        "\(key) is another one after a crash")
      try expect(
        .durable, (instance.safeAt == nil) == (entry.drainEnd == nil),
        "\(key) drains no longer, or again, after a crash")
    }
    let names = Set(services.map(\.name))
    for name in names.symmetricDifference(model.services.keys)
    where !model.doubtfulServices.contains(name) {
      let change = names.contains(name) ? "there again" : "gone"
      throw BrokenPromise(.durable, "service \(name) is \(change) after a crash")
    }
  }
}
