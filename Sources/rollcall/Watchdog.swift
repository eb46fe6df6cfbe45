// Tells the service manager that the server is alive, while it is.

import DNSTransport
import Logging
import ServiceLifecycle
import ServiceRegistry

/// The other side of systemd's `WatchdogSec`.
///
/// It is told only after the registry's loop and the event loops of DNS over TCP have each found
/// time for this, and every UDP worker has ended a round of its own; so a server in which one of
/// them hangs is started anew. A store that hangs holds up none of them: DNS goes on without it.
struct Watchdog: Service {
  /// In less, a UDP worker that nobody asks might not end a round.
  private static let shortestPause = DNSServer.longestIdleRound * 2

  /// Within which the manager must be told.
  private let interval: Duration
  private let manager: ServiceManager
  private let registry: Registry
  private let dns: DNSServer
  private let logger: Logger

  /// - Returns: nil when the manager does not ask for signs of life.
  init?(_ manager: ServiceManager, _ registry: Registry, _ dns: DNSServer, _ logger: Logger) {
    guard let interval = manager.watchdogInterval else { return nil }
    self.interval = interval
    self.manager = manager
    self.registry = registry
    self.dns = dns
    self.logger = logger
  }

  func run() async {
    let pause = max(interval / 4, Self.shortestPause)
    await cancelWhenGracefulShutdown {
      var rounds = dns.udpRounds
      while (try? await Task.sleep(for: pause)) != nil {
        let before = rounds
        await registry.waitForLoop()
        await dns.waitForTCPLoops()
        rounds = dns.udpRounds
        if zip(before, rounds).allSatisfy({ $0 != $1 }) {
          manager.tellAlive()
        } else {
          logger.error("a thread that answers UDP queries hangs: the watchdog is not told of life")
        }
      }
    }
  }
}
