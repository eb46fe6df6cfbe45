// What the threads that answer DNS queries do.

import DNSForwarding
import DNSTransport
import DNSWire
import DNSZone
import Logging
import QueryLog
import ServiceRegistry

/// Puts together what each of these threads needs.
struct Answering {
  private let domain: ZoneDomain
  private let settings: ResponderSettings
  /// Nil where names outside all zones are refused.
  let forwarder: Forwarder?
  /// Nil where there is none.
  let log: QueryLog?
  /// Nil where there is none.
  let dnstap: DnstapOutput?
  private let lateRecorder: LateQueryRecorder

  init(
    _ settings: Settings, _ domain: ZoneDomain, _ limiter: RateLimiter?,
    _ statistics: ReplyStatistics, _ logger: Logger
  ) throws(SettingError) {
    self.domain = domain
    self.settings = Self.responderSettings(settings, limiter, statistics)
    forwarder =
      settings.forward.isEmpty
      ? nil
      : Forwarder(settings.forward, self.settings, logger: logger) {
        (RegistryClock.system.boot(), Self.wallSeconds(RegistryClock.system))
      }
    log = settings.queryLogEvery.map { QueryLog(every: $0, logger: logger) }
    dnstap = try Self.dnstapOutput(settings)
    lateRecorder = LateQueryRecorder(log: log, dnstap: dnstap)
  }

  /// What one thread does with a batch of queries.
  var makeAnswerer: MakeAnswerer {
    { [self] in
      guard let responder = Responder(domain: domain, settings: settings) else {
        throw SettingError("more than \(Reclamation.readerLimit) threads would answer queries")
      }
      let recorder = QueryRecorder(log: log, dnstap: dnstap)
      let clock = RegistryClock.system
      return { exchanges in
        responder.begin(
          at: clock.boot(), wallSeconds: Self.wallSeconds(clock),
          isUnderLoad: exchanges.first?.isReceptionFull ?? false)
        recorder?.begin()
        if exchanges.count > 1 {
          for exchange in exchanges { responder.expect(exchange.query) }
          responder.fetchExpected()
        }
        for index in exchanges.indices {
          exchanges[index].replyLength = responder.reply(
            to: exchanges[index].query, from: exchanges[index].client,
            at: exchanges[index].listener, into: exchanges[index].reply,
            isUDP: exchanges[index].transport == .udp)
          if responder.isForeign {
            exchanges[index].deferReply(begunWith: exchanges[index].replyLength)
          } else {
            recorder?.note(exchanges[index])
          }
        }
        responder.end()
        responder.noteBatch(of: exchanges.count, until: clock.boot())
      }
    }
  }

  /// What becomes of queries that these threads defer; nil where they defer none.
  var takeDeferred: TakeDeferred? {
    guard let forwarder else { return nil }
    return { [lateRecorder] in forwarder.take(lateRecorder.recording($0)) }
  }

  /// Seconds since 1970 modulo 2^32.
  private static func wallSeconds(_ clock: RegistryClock) -> UInt32 {
    UInt32(truncatingIfNeeded: clock.wall() / 1_000)
  }

  /// To be called when the server's addresses are known, before it starts.
  func setListeners(_ addresses: [ListenAddress]) {
    log?.setListeners(addresses)
    dnstap?.setListeners(addresses)
  }

  /// Writes what is recorded and not written yet. To be called when no thread answers any more.
  func end() {
    lateRecorder.end()
    log?.flush()
    dnstap?.end()
  }

  private static func responderSettings(
    _ settings: Settings, _ limiter: RateLimiter?, _ statistics: ReplyStatistics
  ) -> ResponderSettings {
    var responder = ResponderSettings(
      version: "Rollcall \(Version.text)", serverID: settings.serverID)
    responder.statistics = statistics
    if let secret = settings.cookieSecrets.first {
      responder.serverCookie = ServerCookie(
        secret: secret, otherSecret: settings.cookieSecrets.dropFirst().first)
    }
    responder.cookieRequirement = settings.requireCookies
    responder.allowedClients = settings.allowQuery
    if !settings.forward.isEmpty { responder.forwardedClients = settings.forwardFor }
    responder.profiles = settings.clientProfiles.map(\.rule)
    responder.rateLimiter = limiter
    responder.tcpIdleSeconds = settings.tcpLimits.idle / .seconds(1)
    return responder
  }

  private static func dnstapOutput(_ settings: Settings) throws(SettingError) -> DnstapOutput? {
    guard let dnstap = settings.dnstap else { return nil }
    do throws(DnstapError) {
      return try DnstapOutput(
        dnstap, identity: settings.serverID ?? "", version: "Rollcall \(Version.text)")
    } catch {
      switch error {
      case .noMemory: throw SettingError("setting dnstap: there is not enough memory")
      case .file(let path, let reason):
        throw SettingError(.dnstap, "\(path)", "can't be written: \(reason)")
      }
    }
  }
}
