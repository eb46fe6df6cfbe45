// What must hold after each step of a simulated history, asked over DNS.

import DNSWire
import ServiceRegistry
import TestSupport

extension Simulation {
  /// - Parameters:
  ///   - promise: the one that is broken when answers are not those of the model.
  ///   - isThorough: whether all services are looked at, not one of them.
  mutating func checkPromises(
    _ promise: Promise = .readYourWrites, isThorough: Bool = false
  ) async throws {
    let current = try server.serial()
    try expect(.replies, current >= serial, "the serial went back from \(serial) to \(current)")
    serial = current
    var names = Set(model.services.keys)
    for service in ["web", "api", "web.prod", "a.web"] { names.insert(try ServiceName(service)) }
    let sorted = names.sorted { $0.text < $1.text }
    let place = Int.random(in: sorted.indices, using: &random)
    for service in isThorough ? sorted : [sorted[place]] {
      try check(service, promise)
      for id in Self.ids { try checkOwnName(of: InstanceKey(service.text, id), promise) }
    }
    try checkBrowsing(promise)
    try checkOneRotation()
    try checkOneTruncation()
  }

  /// What those find who browse for the port that some instances have.
  private func checkBrowsing(_ promise: Promise) throws {
    let type = "_\(Model.port)._tcp"
    let reply = try server.ask(type, .ptr)
    let exists = model.services.values.contains(where: \.hasPort)
    try expect(
      .existingNames, reply.code == (exists ? .noError : .nameError), "\(type) is \(reply.code)")
    let live = model.entries.filter { $0.value.hasPort && $0.value.isLive }
    let expected = Set(live.keys.map { Self.browsedName(of: $0) + ".mesh.internal." })
    let values = reply.answer.values
    try expect(
      promise, Set(values) == expected && values.count == expected.count,
      "\(type) lists \(values), not \(expected)")
    try checkTTL(of: type, reply, Array(live.values))
  }

  private static func browsedName(of key: InstanceKey) -> String {
    let label = "\(key.id).\(key.service)".replacing(".", with: "\\.")
    return "\(label)._\(Model.port)._tcp"
  }

  private func check(_ service: ServiceName, _ promise: Promise) throws {
    let tag = "\(Model.tag).tag.\(service.text)"
    // What else has its name may have addresses.
    if model.services[service] != nil {
      let entries = model.entries.filter { $0.key.service == service }.map(\.value)
      try checkSet(service.text, entries, promise)
      try checkSet(
        tag, entries.filter { $0.registration.tags.contains { $0.text == Model.tag } }, promise)
    }
    let reply = try server.ask(service.text, .a)
    let exists = model.nameExists(service)
    try expect(
      .existingNames, reply.code == (exists ? .noError : .nameError),
      "\(service) is \(reply.code)")
    let hasTag = model.services[service]?.hasTag ?? false
    try expect(
      .existingNames, try server.ask(tag, .a).code == (hasTag ? .noError : .nameError),
      "\(tag) is not \(hasTag ? "there" : "gone")")
  }

  private func checkOwnName(of key: InstanceKey, _ promise: Promise) throws {
    let name = "\(key.id.text).\(key.service.text)"
    let reply = try server.ask(name, .a)
    let entry = model.entries[key]
    let exists = try entry != nil || model.nameExists(ServiceName(name))
    try expect(
      entry == nil ? .neverStale : .existingNames,
      reply.code == (exists ? .noError : .nameError), "\(name) is \(reply.code)")
    let browsed = try server.ask(Self.browsedName(of: key), .srv)
    try expect(
      entry == nil ? .neverStale : .existingNames,
      browsed.answer.count == (entry?.hasPort ?? false ? 1 : 0),
      "\(name) has \(browsed.answer.count) SRV records to be found by browsing")
    guard let entry else { return }
    try expect(
      promise, Set(reply.answer.values) == addresses([entry], .a), "\(name) has other addresses")
    try checkTTL(of: name, reply, [entry], most: entry.drainEnd == nil ? Self.ttl : 0)
  }

  private func addresses(_ entries: [Model.Entry], _ type: RecordType) -> Set<String> {
    Set(
      entries.flatMap(\.registration.addresses).filter { $0.recordType == type }
        .map(\.description))
  }

  private func checkSet(
    _ name: String, _ entries: [Model.Entry], _ promise: Promise
  ) throws {
    let group = Self.bestGroup(entries)
    for type in [RecordType.a, .aaaa] {
      let reply = try server.ask(name, type)
      let expected = addresses(group, type)
      let values = reply.answer.values
      try expect(
        promise, Set(values) == expected && values.count == expected.count,
        "\(name) \(type) is \(values), not \(expected)")
      let holders = group.filter { $0.registration.addresses.contains { $0.recordType == type } }
      try checkTTL(of: name, reply, holders)
    }
    let withPort = entries.filter { $0.isLive && $0.registration.port != nil }
    let reply = try server.ask(name, .srv)
    try expect(
      promise, reply.answer.count == withPort.count,
      "\(name) SRV has \(reply.answer.count) records, not \(withPort.count)")
    try checkTTL(of: name, reply, withPort)
  }

  /// Those whose addresses are answered.
  private static func bestGroup(_ entries: [Model.Entry]) -> [Model.Entry] {
    let live = entries.filter(\.isLive)
    let best = live.map(\.registration.priority).min()
    return live.filter { $0.registration.priority == best }
  }

  private func checkTTL(
    of name: String, _ reply: Message, _ holders: [Model.Entry], most: Int = Self.ttl
  ) throws {
    guard !reply.answer.isEmpty else { return }
    let left = holders.compactMap(\.end).min().map { ($0 - now) / 1_000 }
    let ttl = UInt32(min(most, left ?? most))
    try expect(
      .neverStale, reply.answer.ttls == [ttl], "\(name) has TTLs \(reply.answer.ttls), not \(ttl)")
  }

  // MARK: One of many at a time

  /// Asks for one set as often as one round takes.
  private mutating func checkOneRotation() throws {
    let choices = model.services.keys.sorted { $0.text < $1.text }
    guard let service = choices.randomElement(using: &random) else { return }
    let entries = model.entries.filter { $0.key.service == service }.map(\.value)
    var weights: [String: Int] = [:]
    let type: RecordType = Bool.random(using: &random) ? .a : .srv
    if type == .a {
      for entry in Self.bestGroup(entries) {
        for address in addresses([entry], .a) {
          weights[address, default: 0] += Int(entry.registration.weight)
        }
      }
    } else {
      for value in try server.ask(service.text, .srv).answer.values {
        weights[value] = Int(value.split(separator: " ")[1])
      }
    }
    guard weights.count > 1 else { return }
    let divisor = weights.values.reduce(0, Self.greatestCommonDivisor)
    let shares = weights.mapValues { $0 / divisor }
    var firsts: [String: Int] = [:]
    for _ in 0..<shares.values.reduce(0, +) {
      firsts[try server.ask(service.text, type).answer.values[0], default: 0] += 1
    }
    try expect(
      .exactRotation, firsts == shares, "\(service) \(type) came first \(firsts), not \(shares)")
  }

  private static func greatestCommonDivisor(_ left: Int, _ right: Int) -> Int {
    right == 0 ? left : greatestCommonDivisor(right, left % right)
  }

  /// Asks for the set that has most over UDP.
  private func checkOneTruncation() throws {
    let whole = try server.ask("burst", .srv).answer.distinctLines
    let reply = try server.ask("burst", .srv, isUDP: true)
    try expect(
      .nothingCutInSilence, reply.answer.distinctLines.isSubset(of: whole),
      "UDP has other records than TCP")
    try expect(
      .nothingCutInSilence, reply.isTruncated == (reply.answer.count < whole.count),
      "\(reply.answer.count) of \(whole.count) records, and TC is \(reply.isTruncated)")
  }
}
