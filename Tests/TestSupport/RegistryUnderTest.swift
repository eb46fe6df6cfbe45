// A registry with a manual clock and a store in memory, and the DNS answers from it.

package import DNSWire
package import DNSZone
import Logging
package import ServiceRegistry

/// The whole of the server but its sockets and its disk.
package final class RegistryUnderTest {
  package let registry: Registry
  package let store: MemoryStore
  package let clock: ManualClock
  package let domain: ZoneDomain
  private let settings: RegistrySettings
  private let reverseApexes: Set<DomainName>
  private let responder: Responder

  package static let staticZone = """
    @ 60 IN SOA ns hostmaster 1 3600 600 604800 5
    @ 60 IN NS ns
    ns 60 IN A 127.0.0.1
    """

  /// A server that has just started on what `store` holds, its leases running.
  package init(
    store: MemoryStore = MemoryStore(), clock: ManualClock = ManualClock(),
    zone text: String = staticZone, zonesBelow: [String] = [], reverse: [String] = [],
    settings: RegistrySettings = RegistrySettings()
  ) async throws {
    reverseApexes = Set(reverse.map(ZoneUnderTest.name))
    self.store = store
    self.settings = settings
    self.clock = clock
    domain = ZoneDomain(seed: 7)
    guard let responder = Responder(domain: domain, settings: .underTest) else {
      preconditionFailure("a fresh domain has room for a reader")
    }
    self.responder = responder
    for origin in zonesBelow {
      let apex = ZoneUnderTest.name(origin)
      domain.publish([
        Zone(apex: apex, records: ZoneText(text, origin: apex).records, in: domain)
      ])
    }
    registry = Registry(
      zone: Self.serviceZone(text, in: domain, reverse: reverse), store: store,
      clock: clock.registryClock,
      logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
      settings: settings)
    try await registry.load()
    await registry.startLeases()
  }

  package static func serviceZone(
    _ text: String, in domain: ZoneDomain, reverse: [String] = []
  ) -> sending ServiceZone {
    let apex = ZoneUnderTest.name("mesh.internal.")
    let records = ZoneText(text, origin: apex).records
    let zone = Zone(
      apex: apex, records: records, in: domain, negativeTTLLimit: ServiceZone.negativeTTL)
    let reverse = reverse.map { text in
      let apex = ZoneUnderTest.name(text)
      return Zone(
        apex: apex, records: ReverseZones.records(of: apex, serviceZone: records), in: domain)
    }
    domain.publish([zone] + reverse)
    return ServiceZone(
      zone, in: domain, records: records, ttl: 5, reverse: ReverseZones(reverse))
  }

  /// The same disk, or another one, and the same time, a new process.
  package func restarted(on other: MemoryStore? = nil) async throws -> RegistryUnderTest {
    try await RegistryUnderTest(store: other ?? store, clock: clock, settings: settings)
  }

  /// Moves the clock in steps of at most 20 ms of looking, as the running server does.
  package func advance(by seconds: Double) async {
    clock.advance(by: seconds)
    await registry.tick()
  }

  /// Has the registry take `zones` over, as the server does when it has read them.
  package func reload(_ zones: StaticZones) async throws(RegistryError) -> [ZoneReport] {
    try await registry.reload(
      zones,
      ReplacedZones(
        zones, besides: reverseApexes.union([ZoneUnderTest.name("mesh.internal.")]), in: domain))
  }

  /// Returns when what the clock has brought about is committed.
  package func settle() async throws {
    // Commands are carried out in order: when this one is refused, or fails for want of a store,
    // those before it have been tried.
    let key = try InstanceKey("settled", "settled")
    do {
      try await registry.deregister(key)
    } catch RegistryError.unknownInstance, RegistryError.notCommitted {
      return
    } catch {
      preconditionFailure("not settled: \(error)")
    }
  }

  // MARK: Asking

  /// The reply, over TCP if nothing else is said; `name` is relative to the service zone unless
  /// it ends with a dot.
  package func ask(
    _ name: String, _ type: RecordType, isUDP: Bool = false, hasEDNS: Bool = false
  ) throws -> Message {
    let full = name.hasSuffix(".") ? name : "\(name).mesh.internal."
    let octets = responder.reply(
      to: QueryMessage(full, type).with { $0.opt = hasEDNS ? [.init()] : [] }.octets,
      isUDP: isUDP, at: clock.now)
    return try Message(octets)
  }

  /// The addresses for `name`, sorted.
  package func addresses(_ name: String, _ type: RecordType = .a) throws -> [String] {
    try ask(name, type).answer.values.sorted()
  }

  package func serial() throws -> UInt32 {
    SOA.serial(try ask("mesh.internal.", .soa).answer.records[0].rdata)
  }
}

extension InstanceKey {
  package init(_ service: String, _ id: String) throws(RegistryError) {
    self.init(service: try ServiceName(service), id: try Label(id, kind: .instance))
  }
}

extension Registration {
  /// A registration with few words.
  package init(
    _ addresses: [String], port: UInt16? = 8080, ports: [NamedPort] = [], weight: UInt16 = 1,
    priority: UInt16 = 0, tags: [String] = [], metadata: [String: String] = [:],
    status: InstanceStatus = .passing, lease: Int? = 30
  ) throws(RegistryError) {
    var labels: [Label] = []
    for tag in tags { labels.append(try Label(tag, kind: .tag)) }
    try self.init(
      addresses: addresses.compactMap { IPAddress($0) }, port: port, ports: ports,
      weight: weight, priority: priority, tags: labels,
      metadata: try Metadata(metadata.map { ($0.key, $0.value) }), status: status,
      leaseSeconds: lease)
  }
}
