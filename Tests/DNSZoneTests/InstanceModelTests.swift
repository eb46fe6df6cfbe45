// Random changes of names of all kinds, compared with a plain dictionary.

import DNSWire
import DNSZone
import TestSupport
import Testing

@Suite("Instances, services, pins and records at random")
struct InstanceModelTests {
  /// What stands at a name.
  private enum Content {
    case instance(InstanceBlock)
    /// Made of an instance that has no name of its own.
    case service(InstanceBlock)
    case records
  }

  private enum Kind: CaseIterable {
    case instance
    case service
    case records
  }

  private struct Model {
    /// Of all names that have one.
    var addresses: [String: String] = [:]
    var instances: Set<String> = []
    var pins: [String: Int] = [:]

    func state(_ asked: String) -> String {
      if let address = addresses[asked] { return address }
      let exists = (Array(addresses.keys) + Array(pins.keys)).contains {
        $0 == asked || $0.hasSuffix("." + asked)
      }
      return exists ? "NODATA" : "NXDOMAIN"
    }
  }

  private static let names: [String] = {
    let labels = ["a", "b", "c"]
    let twice = labels.flatMap { one in labels.map { "\($0).\(one).mesh." } }
    return labels.map { "\($0).mesh." } + twice + labels.map { "\($0).a.b.mesh." }
  }()

  private static let apex = ZoneUnderTest.name("mesh.")

  let served = ZoneUnderTest("mesh.", RotationTests.head)
  private var zone: Zone { served.zone }

  @Test("each name is answered as what it is and exists as long as it should", arguments: 0..<10)
  func changes(seed: Int) throws {
    var random = SeededRandom(seed: UInt64(seed))
    var contents: [String: Content] = [:]
    var model = Model()
    /// What readers see while the zone is being replaced.
    var visible: Model?
    for step in 0..<400 {
      let name = Self.names.randomElement(using: &random)!
      switch Int.random(in: 0..<10, using: &random) {
      case 0...4:
        let kind = Kind.allCases.randomElement(using: &random)!
        let address = "10.0.\(step / 256).\(step % 256)"
        contents[name] = put(kind, address, at: name, insteadOf: contents[name])
        model.addresses[name] = address
        if kind == .instance { model.instances.insert(name) } else { model.instances.remove(name) }
      case 5, 6:
        remove(contents.removeValue(forKey: name), at: name)
        model.addresses[name] = nil
        model.instances.remove(name)
      case 7:
        zone.pin(ZoneUnderTest.name(name))
        model.pins[name, default: 0] += 1
      case 8:
        guard let count = model.pins[name] else { continue }
        zone.unpin(ZoneUnderTest.name(name))
        model.pins[name] = count == 1 ? nil : count - 1
      default:
        changeStatic(step, model, &visible)
      }
      served.domain.collect()
      try expect(visible ?? model, "seed \(seed), step \(step)", &random)
    }
    if visible != nil { served.domain.publish([zone]) }
    for (name, content) in contents { remove(content, at: name) }
    try expect(Model(pins: model.pins), "seed \(seed), at the end", &random)
    served.domain.collect()
    #expect(served.domain.reclamation.waitingCount == 0)
  }

  /// Begins to replace the static records, or publishes the zone if that has begun.
  private func changeStatic(_ step: Int, _ model: Model, _ visible: inout Model?) {
    if visible != nil {
      served.domain.publish([zone])
      visible = nil
    } else {
      let text = RotationTests.head + "version TXT \"\(step)\""
      let isChanged = zone.replaceStatic(with: ZoneText(text, origin: Self.apex).records)
      #expect(isChanged)
      visible = model
    }
  }

  private func expect(_ model: Model, _ comment: Comment, _ random: inout SeededRandom) throws {
    for _ in 0..<3 {
      let asked = Self.names.randomElement(using: &random)!
      let reply = try served.ask(asked, .a)
      let value = reply.answer.values.first
      let state = value ?? (reply.code == .nameError ? "NXDOMAIN" : "NODATA")
      #expect(state == model.state(asked), comment)
      #expect(reply.answer.count + reply.authority.count == 1, comment)
      let srv = try served.ask(asked, .srv)
      #expect(srv.answer.isEmpty != model.instances.contains(asked), comment)
      #expect(srv.additional.values == (srv.answer.isEmpty ? [] : [state]), comment)
    }
  }

  /// What is of a kind that nothing may stand beside goes first; else the new takes its place.
  private func put(
    _ kind: Kind, _ address: String, at name: String, insteadOf before: Content?
  ) -> Content {
    var old = before
    switch (before, kind) {
    case (nil, _), (.instance, .instance), (.instance, .service), (.service, .service),
      (.records, .records):
      break
    default:
      remove(before, at: name)
      old = nil
    }
    let new = put(kind, address, at: name)
    switch old {
    case .instance(let block):
      zone.withdraw(block)
      zone.free(block)
    case .service(let block): zone.free(block)
    case .records, nil: break
    }
    return new
  }

  private func put(_ kind: Kind, _ address: String, at name: String) -> Content {
    if kind == .records {
      zone.publish(RRset("\(name) 5 A \(address)"))
      return .records
    }
    let instance = zone.makeInstance(
      InstanceBlock.Content(
        name: ZoneUnderTest.name(name).wire, addresses: [IPAddress(address)!], port: 80, ttl: 5))
    if kind == .instance {
      zone.publish(instance)
      return .instance(instance)
    }
    serve(instance, at: name)
    return .service(instance)
  }

  private func serve(_ member: InstanceBlock?, at name: String) {
    var rrsets = OwnerRRsets()
    rrsets.add(.a, ttl: 5) { records in
      if let member { records.addAddresses(.a, of: member) }
    }
    zone.replaceAll(at: ZoneUnderTest.name(name).wire, with: &rrsets)
  }

  private func remove(_ content: Content?, at name: String) {
    switch content {
    case .instance(let block):
      zone.withdraw(block)
      zone.free(block)
    case .service(let block):
      serve(nil, at: name)
      zone.free(block)
    case .records: zone.withdraw(ZoneUnderTest.name(name), .a)
    case nil: break
    }
  }
}
