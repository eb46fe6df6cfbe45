// The server as a whole: its parts put together, started in order, and stopped.

import DNSForwarding
import DNSTransport
import DNSWire
import DNSZone
import Glibc
import LDNS
import Logging
import RegistryAPI
import RegistryStorage
import ServiceLifecycle
import ServiceRegistry
import UnixSignals

enum Server {
  /// Serves until SIGTERM or SIGINT, then stops accepting, answers what is under way, and returns;
  /// or ends the program when that takes too long.
  static func run(_ settings: Settings) async throws {
    let logger = Logger(label: "rollcall")
    let access = try APIAccess(settings, logger)
    ProcessLimits.forbidCoreFiles()
    let descriptors = ProcessLimits.raiseDescriptors(to: settings.descriptorNeed)
    let manager = ServiceManager(logger: logger)
    let directory = try DataDirectory(path: settings.dataDirectory)
    let store = try SQLiteStore(path: directory.databasePath)

    // From here on SIGHUP waits instead of ending the program.
    let hangups = await UnixSignalsSequence(trapping: .sighup)
    let domain = ZoneDomain(seed: UInt64.random(in: .min ... .max))
    let loaded = try LoadedZones(settings)
    let zone = try loaded.publish(in: domain, settings, logger)
    let registry = Registry(
      zone: zone, store: store, clock: .system, logger: logger, settings: settings.registry)
    try await load(registry, from: directory)

    let limiter = settings.rateLimit.map { RateLimiter($0) }
    let statistics = ReplyStatistics()
    let answering = try Answering(settings, domain, limiter, statistics, logger)
    let dns = try DNSServer.open(
      addresses: settings.dns, workers: settings.workers, limits: settings.tcpLimits,
      makeAnswerer: answering.makeAnswerer, takeDeferred: answering.takeDeferred,
      logger: logger)
    answering.setListeners(dns.boundAddresses)
    let reloader = ZoneReloader(settings, registry, domain, loaded: loaded, logger: logger)
    let metrics = ServerMetrics(
      dns: dns, replies: statistics, registry: registry, limiter: limiter, access: access,
      answering: answering, reloader: reloader, libraries: .bootstrap())
    let api = RegistryAPI(
      registry: registry, access: access.control, version: Version.text,
      connectionLimits: settings.connectionLimits(descriptors: descriptors), logger: logger,
      recordText: { $0.masterFileLine }, metrics: { await metrics.all() },
      reloadZones: { () async throws(RegistryError) in try await reloader.reload() })
    let readiness = Readiness(listeners: settings.http.count) { httpPorts in
      await registry.startLeases()
      await registry.startTimer()
      api.setReady()
      warn(settings, descriptors: descriptors, logger)
      sayReady(settings, dns, httpPorts, logger)
      manager.tellReady("answering for \(settings.zone)")
    }
    try await dns.start()
    var services: [any Service] = [
      DNSService(server: dns, forwarder: answering.forwarder),
      HangupService(hangups: hangups, access: access, reloader: reloader, manager: manager),
    ]
    if let limiter { services.append(RateLimitLog(limiter: limiter, logger: logger)) }
    if let watchdog = Watchdog(manager, registry, dns, logger) { services.append(watchdog) }
    services += httpServices(api, access.tls, settings, readiness)
    let group = ServiceGroup(services: services, logger: logger)
    try await OrderlyStop(group, limit: settings.stopSeconds, manager, logger).run()
    answering.end()
    await registry.stopTimer()
    withExtendedLifetime(directory) {}
  }

  private static func load(
    _ registry: Registry, from directory: DataDirectory
  ) async throws(SettingError) {
    do throws(StoreError) {
      try await registry.load()
    } catch {
      throw SettingError("the database \(directory.databasePath) can't be used: \(error.reason)")
    }
  }

  /// Reads all that `run` would read at start and says what is wrong with it.
  static func check(_ settings: Settings) throws {
    _ = try APIAccess(settings, Logger(label: "rollcall"))
    let zones = try LoadedZones(settings)
    for refusal in zones.refused { StandardError.write(line: "rollcall: \(refusal.error)") }
    guard zones.refused.isEmpty else {
      throw SettingError("\(zones.refused.count) zone file(s) would be refused")
    }
    _ = try zones.serviceRecords(settings)
    print("the settings and \(zones.files.count) zone file(s) are right")
  }

  /// Says where the server listens: the kernel may have picked the ports.
  private static func sayReady(
    _ settings: Settings, _ dns: DNSServer, _ httpPorts: [Int], _ logger: Logger
  ) {
    let http = zip(settings.http, httpPorts).map { "\($0.ipAddress):\($1)" }
    logger.notice(
      "ready",
      metadata: [
        "dns": .init(stringLiteral: dns.boundAddresses.map(\.description).joined(separator: ",")),
        "http": .init(stringLiteral: http.joined(separator: ",")),
        "zone": "\(settings.zone)",
      ])
  }

  /// What works, but not as it should.
  private static func warn(_ settings: Settings, descriptors: Int, _ logger: Logger) {
    for name in settings.unknownVariables {
      logger.warning("no setting has this environment variable", metadata: ["name": "\(name)"])
    }
    if geteuid() == 0 {
      logger.warning("running as root; set user to whom the server is to go on as")
    }
    if descriptors < settings.descriptorNeed {
      logger.warning(
        """
        too few descriptors for the limits of connections, so that fewer may watch; allow the \
        number needed with LimitNOFILE= (systemd) or ulimit -n
        """,
        metadata: [
          "allowed": "\(descriptors)", "needed": "\(settings.descriptorNeed)",
          "watchers": "\(settings.connectionLimits(descriptors: descriptors).watchers)",
        ])
    }
  }

  private static func httpServices(
    _ api: RegistryAPI, _ tls: TLSCredentials?, _ settings: Settings, _ readiness: Readiness
  ) -> [any Service] {
    settings.http.enumerated().map { index, address in
      HTTPService(
        server: api.makeServer(host: address.ipAddress, port: Int(address.port), tls: tls) { port in
          await readiness.isListening(index, port: port)
        })
    }
  }
}

/// Waits for all HTTP listeners, then says once that the server is ready.
private actor Readiness {
  private var ports: [Int?]
  private let whenReady: @Sendable ([Int]) async -> Void

  init(listeners: Int, whenReady: @escaping @Sendable ([Int]) async -> Void) {
    ports = Array(repeating: nil, count: listeners)
    self.whenReady = whenReady
  }

  func isListening(_ index: Int, port: Int) async {
    ports[index] = port
    let known = ports.compactMap(\.self)
    if known.count == ports.count { await whenReady(known) }
  }
}

/// DNS as a part of the program that ends with it.
private struct DNSService: Service {
  let server: DNSServer
  let forwarder: Forwarder?

  func run() async throws {
    // Runs in threads of its own; this only waits for the end.
    try? await gracefulShutdown()
    forwarder?.shutdown()
    await server.shutdown()
  }
}

private struct HTTPService: Service {
  let server: APIServer

  func run() async throws {
    try await server.run()
  }
}
