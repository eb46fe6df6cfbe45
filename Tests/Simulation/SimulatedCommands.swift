// What callers of a simulated registry ask for, and what their replies must say.

import DNSWire
import ServiceRegistry
import TestSupport

/// What a caller asks for.
enum Wish: Sendable {
  case register(InstanceKey, Registration)
  case deregister(InstanceKey)
  case renew(InstanceKey, InstanceStatus?)
  case drain(InstanceKey)
  case remove(ServiceName)

  /// - Returns: the instance that the reply shows, and whether it is new.
  func carryOut(by registry: Registry) async throws(RegistryError) -> (InstanceView?, Bool) {
    switch self {
    case .register(let key, let registration):
      let reply = try await registry.register(key, registration)
      return (reply.instance, reply.isNew)
    case .deregister(let key): try await registry.deregister(key)
    case .renew(let key, let status):
      return (try await registry.renew(key, status: status).view, false)
    case .drain(let key): return (try await registry.drain(key).view, false)
    case .remove(let service): try await registry.remove(service)
    }
    return (nil, false)
  }

  func reply(from registry: Registry) async -> Simulation.Reply {
    do throws(RegistryError) {
      return .success(try await carryOut(by: registry))
    } catch {
      return .failure(error)
    }
  }
}

extension Simulation {
  typealias Reply = Result<(InstanceView?, Bool), RegistryError>

  // MARK: Choices

  mutating func someKey() throws -> InstanceKey {
    // The last has the name of an instance of the first.
    let service = ["web", "api", "web.prod", "a.web"].randomElement(using: &random) ?? "web"
    return try InstanceKey(service, Self.ids.randomElement(using: &random) ?? "a")
  }

  static let ids = ["a", "b", "c", "d"]

  mutating func someRegistration() throws -> Registration {
    let hosts = (0..<Int.random(in: 1...2, using: &random)).map { index in
      index == 0 ? "10.0.0.\(Int.random(in: 1...9, using: &random))" : "fd00::1"
    }
    let port = NamedPort(
      name: try Label(Model.port, kind: .port), port: 8080, transport: .tcp)
    return try Registration(
      hosts, port: Bool.random(using: &random) ? 80 : nil,
      ports: Bool.random(using: &random) ? [port] : [],
      weight: UInt16.random(in: 1...3, using: &random),
      priority: UInt16.random(in: 0...1, using: &random),
      tags: Bool.random(using: &random) ? [Model.tag] : [],
      lease: [nil, 1, 2, 5, 30].randomElement(using: &random) ?? nil)
  }

  private mutating func someWish() throws -> Wish {
    let key = try someKey()
    switch Int.random(in: 0..<10, using: &random) {
    case 0..<5: return .register(key, try someRegistration())
    case 5..<7: return .deregister(key)
    case 7: return .drain(key)
    case 8: return .renew(key, InstanceStatus.allCases.randomElement(using: &random))
    default: return Bool.random(using: &random) ? .remove(key.service) : .renew(key, nil)
    }
  }

  // MARK: One by one

  mutating func register() async throws {
    try await grant(.register(someKey(), someRegistration()))
  }

  mutating func deregister() async throws { try await grant(.deregister(someKey())) }

  mutating func renew(status: InstanceStatus?) async throws {
    try await grant(.renew(someKey(), status))
  }

  mutating func drain() async throws { try await grant(.drain(someKey())) }

  mutating func removeService() async throws { try await grant(.remove(someKey().service)) }

  private mutating func grant(_ wish: Wish) async throws {
    try take(await wish.reply(from: server.registry), to: wish)
  }

  // MARK: Together

  /// Several commands that wait behind a commit which hangs while time goes on, and so are one
  /// batch.
  mutating func burst() async throws {
    try await mendStore()
    let registry = server.registry
    bursts += 1
    let first = Wish.register(
      try InstanceKey("burst", "b\(bursts)"), try Registration(["10.1.1.1"], lease: nil))
    await server.store.hold()
    let hanging = Task { try await first.carryOut(by: registry) }
    await server.store.waitUntilHeld()
    var wishes: [Wish] = []
    var tasks: [Task<Reply, Never>] = []
    for _ in 0..<Int.random(in: 2...6, using: &random) {
      let wish = try someWish()
      // A renewal that changes nothing, or is refused, does not wait: it is in no order.
      if case .renew(let key, let status) = wish, status == nil || model.entries[key] == nil {
        continue
      }
      wishes.append(wish)
      tasks.append(Task { await wish.reply(from: registry) })
      while await registry.waitingCommands < tasks.count { await Task.yield() }
    }
    try await advance()
    try await checkPromises(.dnsOutlivesStore)
    await server.store.release()
    try take(.success(try await hanging.value), to: first)
    for (wish, task) in zip(wishes, tasks) { try take(await task.value, to: wish) }
  }

  /// A drain whose commit takes long: sets have the instance until it is over.
  mutating func drainSlowly() async throws {
    try await mendStore()
    let registry = server.registry
    let key = try someKey()
    guard let entry = model.entries[key], entry.drainEnd == nil else { return }
    await server.store.hold()
    let drain = Task { await Wish.drain(key).reply(from: registry) }
    await server.store.waitUntilHeld()
    try await advance(by: [200, 1_000, 2_500, 20_000])
    try await checkPromises(.dnsOutlivesStore)
    await server.store.release()
    // What hung may have been the replacement of a store in doubt.
    try take(await drain.value, to: .drain(key))
  }

  // MARK: Replies

  mutating func take(_ reply: Reply, to wish: Wish) throws {
    switch reply {
    case .success((let view, let isNew)):
      try accept(wish, view, isNew: isNew)
    case .failure(.notCommitted(_, let isOutcomeUnknown)):
      if isOutcomeUnknown { model.doubt(wish) }
    case .failure(let error):
      try expect(.replies, isRight(error, of: wish), "\(wish) was refused: \(error)")
    }
  }

  private func isRight(_ error: RegistryError, of wish: Wish) -> Bool {
    switch (error, wish) {
    case (.unknownInstance(let key), .deregister), (.unknownInstance(let key), .renew),
      (.unknownInstance(let key), .drain):
      model.entries[key] == nil
    case (.nameTaken, .register(let key, _)): model.isTaken(key)
    case (.unknownService(let service), .remove): model.services[service] == nil
    default: false
    }
  }

  private mutating func accept(_ wish: Wish, _ view: InstanceView?, isNew: Bool) throws {
    if let revision = view?.instance.revision, revision > self.revision {
      // It was committed, and whatever was in doubt before it.
      self.revision = revision
      model.settleDoubt()
    }
    switch wish {
    case .register(let key, let registration):
      try expect(.replies, !model.isTaken(key), "\(key) was registered over another name")
      try expect(.replies, isNew == (model.entries[key] == nil), "\(key) is said to be new or not")
      model.put(Model.Entry(registration, at: now), at: key)
    case .deregister(let key):
      try expect(.replies, model.entries[key] != nil, "\(key) was deregistered twice")
      model.remove(key)
      model.settleDoubt()
    case .renew(let key, let status):
      guard let entry = model.entries[key] else { throw unknown(key) }
      var registration = entry.registration
      if let status { registration.status = status }
      model.put(Model.Entry(registration, at: now, drainEnd: entry.drainEnd), at: key)
    case .drain(let key):
      try acceptDrain(of: key, view)
    case .remove(let service):
      try expect(.replies, model.services[service] != nil, "\(service) was removed twice")
      model.remove(service)
      model.settleDoubt()
    }
  }

  private mutating func acceptDrain(of key: InstanceKey, _ view: InstanceView?) throws {
    let before = model.entries[key]
    guard let safeAt = view?.instance.safeAt,
      let registration = before?.registration ?? view?.instance.registration
    else {
      throw BrokenPromise(.replies, "\(key) drains and does not say until when")
    }
    let left = Int(safeAt - server.clock.wall)
    if before?.drainEnd == nil {
      try expect(
        .neverStale, (Self.ttl * 1_000...Self.drainSeconds * 1_000).contains(left),
        "\(key) drains for \(left) ms")
    }
    model.put(
      Model.Entry(registration, at: now, drainEnd: before?.drainEnd ?? now + left), at: key)
  }

  private func unknown(_ key: InstanceKey) -> BrokenPromise {
    BrokenPromise(.neverStale, "\(key) was renewed after its lease had ended")
  }
}
