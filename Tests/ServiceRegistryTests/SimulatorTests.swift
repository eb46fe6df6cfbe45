// The promises as invariants of random histories: commands, time, faults of the store, restarts.

import DNSWire
import ServiceRegistry
import TestSupport
import Testing

@Suite struct SimulatorTests {
  /// A seed that has once failed stays here.
  @Test(arguments: [UInt64](0..<150))
  func `the promises hold in every history`(_ seed: UInt64) async throws {
    var simulation = try await Simulation(seed: seed)
    for step in 0..<80 {
      try await simulation.step()
      try await simulation.checkPromises("seed \(seed), step \(step)")
    }
  }
}

/// A registry beside a model that is too simple to be wrong: what was acknowledged, until when.
private struct Simulation {
  private struct Entry {
    var registration: Registration
    /// Milliseconds of the manual clock; nil without a lease.
    var end: Int?
  }

  private var server: RegistryUnderTest
  private var random: SeededRandom
  private var model: [InstanceKey: Entry] = [:]
  /// Services that were registered for once and so exist.
  private var services: Set<ServiceName> = []
  /// What the disk may hold otherwise than the model says.
  private var doubtful: Set<InstanceKey> = []
  private var now = 0
  private var bursts = 0
  private var serial: UInt32

  init(seed: UInt64) async throws {
    random = SeededRandom(seed: seed)
    server = try await RegistryUnderTest()
    serial = try server.serial()
  }

  // MARK: What happens

  mutating func step() async throws {
    switch Int.random(in: 0..<23, using: &random) {
    case 0..<7: try await register()
    case 7..<9: try await deregister()
    case 9..<12: try await renew(status: nil)
    case 12..<14: try await renew(status: InstanceStatus.allCases.randomElement(using: &random))
    case 14..<18: await advance()
    case 18: try await restart()
    case 19..<22: try await burst()
    default: try await failSome()
    }
  }

  private mutating func someKey() throws -> InstanceKey {
    // The last has the name of an instance of the first.
    let service = ["web", "api", "web.prod", "a.web"].randomElement(using: &random)!
    return try InstanceKey(service, ["a", "b", "c", "d"].randomElement(using: &random)!)
  }

  private mutating func someRegistration() throws -> Registration {
    let hosts = (0..<Int.random(in: 1...2, using: &random)).map { index in
      index == 0 ? "10.0.0.\(Int.random(in: 1...9, using: &random))" : "fd00::1"
    }
    return try Registration(
      hosts, port: Bool.random(using: &random) ? 80 : nil,
      weight: UInt16.random(in: 1...3, using: &random),
      priority: UInt16.random(in: 0...1, using: &random),
      tags: Bool.random(using: &random) ? ["v2"] : [],
      lease: [nil, 1, 2, 5, 30].randomElement(using: &random)!)
  }

  private mutating func register() async throws {
    let key = try someKey()
    let registration = try someRegistration()
    await attempt(key) { server, model in
      let reply = try await server.registry.register(key, registration)
      #expect(reply.isNew == (model[key] == nil))
      return registration
    }
    if model[key] != nil { services.insert(key.service) }
  }

  /// Whether another role has the instance's or its service's name.
  private func isTaken(_ key: InstanceKey) throws -> Bool {
    switch (key.service.key, key.id.key) {
    case ("a.web", _): try model[InstanceKey("web", "a")] != nil
    case ("web", "a"): try services.contains(ServiceName("a.web"))
    default: false
    }
  }

  /// Several commands that wait behind a commit which hangs while time goes on, and so are one
  /// batch.
  private mutating func burst() async throws {
    try await server.settle()
    await server.store.setNext([])
    // When the last replacement has failed, there is none for a second.
    if await server.registry.storeFailure != nil {
      await advance(1_000)
      try await server.settle()
    }
    let registry = server.registry
    bursts += 1
    let first = try InstanceKey("burst", "b\(bursts)")
    let forever = try Registration(["10.1.1.1"], lease: nil)
    await server.store.hold()
    let hanging = Task { try await registry.register(first, forever) }
    await server.store.waitUntilHeld()
    var commands: [(InstanceKey, Registration?)] = []
    var tasks: [Task<Bool?, any Error>] = []
    for _ in 0..<Int.random(in: 2...6, using: &random) {
      let key = try someKey()
      let registration = Int.random(in: 0..<3, using: &random) > 0 ? try someRegistration() : nil
      commands.append((key, registration))
      tasks.append(
        Task {
          if let registration { return try await registry.register(key, registration).isNew }
          try await registry.deregister(key)
          return nil
        })
      while await registry.waitingCommands < tasks.count { await Task.yield() }
    }
    await advance()
    await server.store.release()
    _ = try await hanging.value
    model[first] = Entry(registration: forever, end: nil)
    for (command, task) in zip(commands, tasks) {
      try take(await task.result, of: command)
    }
  }

  private mutating func take(
    _ result: Result<Bool?, any Error>, of command: (key: InstanceKey, registration: Registration?)
  ) throws {
    let (key, registration) = command
    switch result {
    case .success(let isNew):
      #expect(try registration == nil || !isTaken(key))
      #expect(isNew == registration.map { _ in model[key] == nil })
      doubtful.remove(key)
      model[key] = registration.map { registration in
        Entry(
          registration: registration, end: registration.leaseSeconds.map { now + $0 * 1_000 })
      }
      if registration != nil { services.insert(key.service) }
    case .failure(RegistryError.unknownInstance):
      #expect(registration == nil && model[key] == nil)
    case .failure(RegistryError.nameTaken):
      #expect(try isTaken(key))
    case .failure(let error):
      Issue.record("\(error)")
    }
  }

  private mutating func deregister() async throws {
    let key = try someKey()
    await attempt(key) { server, model in
      try await server.registry.deregister(key)
      #expect(model[key] != nil)
      return nil
    }
  }

  private mutating func renew(status: InstanceStatus?) async throws {
    let key = try someKey()
    await attempt(key, isChange: status != nil) { server, model in
      _ = try await server.registry.renew(key, status: status)
      var registration = model[key]?.registration
      #expect(registration != nil)
      if let status { registration?.status = status }
      return registration
    }
  }

  /// Does `body`, whose result is what is registered from then on; an error changes nothing.
  private mutating func attempt(
    _ key: InstanceKey, isChange: Bool = true,
    _ body: (RegistryUnderTest, [InstanceKey: Entry]) async throws -> Registration?
  ) async {
    do {
      let registration = try await body(server, model)
      if isChange { doubtful.remove(key) }
      model[key] = registration.map { registration in
        Entry(
          registration: registration, end: registration.leaseSeconds.map { now + $0 * 1_000 })
      }
    } catch RegistryError.unknownInstance {
      #expect(model[key] == nil)
    } catch RegistryError.nameTaken {
      #expect((try? isTaken(key)) == true)
    } catch RegistryError.notCommitted(_, let isOutcomeUnknown) {
      if isOutcomeUnknown { doubtful.insert(key) }
    } catch {
      Issue.record("\(error)")
    }
  }

  private mutating func advance() async {
    await advance([20, 200, 1_000, 2_500].randomElement(using: &random)!)
  }

  private mutating func advance(_ milliseconds: Int) async {
    now += milliseconds
    await server.advance(by: Double(milliseconds) / 1_000)
    for (key, entry) in model where entry.end.map({ $0 <= now }) ?? false {
      model[key] = nil
      // Its removal is on its way to the disk, or will be tried again.
      doubtful.insert(key)
    }
  }

  private mutating func failSome() async throws {
    let fates: [MemoryStore.Fate] = [.refused, .lostInDoubt, .keptInSilence, .kept]
    let count = Int.random(in: 1...3, using: &random)
    var next: [MemoryStore.Fate] = []
    for _ in 0..<count { next.append(fates.randomElement(using: &random)!) }
    try await server.settle()
    await server.store.setNext(next)
  }

  /// A crash: what was acknowledged is there again, each lease running its full length.
  private mutating func restart() async throws {
    try await server.settle()
    await server.store.setNext([])
    let stored = try await server.store.load()
    let kept = Dictionary(
      uniqueKeysWithValues: try await server.store.allInstances().map {
        ($0.key, $0.registration)
      })
    for key in Set(kept.keys).union(model.keys) where !doubtful.contains(key) {
      #expect(kept[key] == model[key]?.registration, "\(key) after a crash")
    }
    model = kept.mapValues { registration in
      Entry(registration: registration, end: registration.leaseSeconds.map { now + $0 * 1_000 })
    }
    services.formUnion(stored.services.map(\.name))
    doubtful = []
    let before = try server.serial()
    server = try await server.restarted()
    #expect(try server.serial() > before)
    serial = try server.serial()
  }

  // MARK: What must hold

  mutating func checkPromises(_ place: String) async throws {
    let current = try server.serial()
    #expect(current >= serial, "\(place): the serial went back")
    serial = current
    for service in services {
      let instances = model.filter { $0.key.service == service }
      try checkSet(service.text, instances, place)
      try checkSet(
        "v2.tag.\(service)",
        instances.filter { $0.value.registration.tags.contains { $0.text == "v2" } }, place)
      for id in ["a", "b", "c", "d"] {
        let key = try InstanceKey(service.text, id)
        let reply = try server.ask("\(id).\(service)", .a)
        let exists = try model[key] != nil || services.contains(ServiceName("\(id).\(service)"))
        #expect(reply.code == (exists ? .noError : .nameError), "\(place): \(key)")
      }
    }
  }

  private func checkSet(
    _ name: String, _ instances: [InstanceKey: Entry], _ place: String
  ) throws {
    let live = instances.filter { $0.value.registration.status.isLive }
    let best = live.values.map(\.registration.priority).min()
    let group = live.values.filter { $0.registration.priority == best }
    for type in [RecordType.a, .aaaa] {
      let holders = group.filter { $0.registration.addresses.contains { $0.recordType == type } }
      let reply = try server.ask(name, type)
      let expected = Set(
        holders.flatMap(\.registration.addresses).filter { $0.recordType == type }
          .map(\.description))
      #expect(Set(reply.answer.values) == expected, "\(place): \(name) \(type)")
      #expect(reply.answer.count == expected.count, "\(place): each once")
      checkTTL(reply, holders, place)
      if expected.isEmpty, !name.hasPrefix("v2.") {
        #expect(reply.code == .noError, "\(place): \(name) exists")
      }
    }
    let withPort = live.values.filter { $0.registration.port != nil }
    let reply = try server.ask(name, .srv)
    #expect(reply.answer.count == withPort.count, "\(place): \(name) SRV")
    checkTTL(reply, withPort, place)
  }

  private func checkTTL(
    _ reply: Message, _ holders: some Collection<Entry>, _ place: String
  ) {
    guard !reply.answer.isEmpty else { return }
    let left = holders.compactMap(\.end).min().map { ($0 - now) / 1_000 }
    #expect(reply.answer.ttls == [UInt32(min(5, left ?? 5))], "\(place): TTL")
  }
}
