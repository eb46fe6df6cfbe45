// Log lines about networks whose replies are limited.

import DNSZone
import Logging
import ServiceLifecycle
import ServiceRegistry

/// Tells once a second what has changed, so that no thread that answers ever writes a log line.
struct RateLimitLog: Service {
  let limiter: RateLimiter
  let logger: Logger

  func run() async throws {
    try? await cancelWhenGracefulShutdown {
      while true {
        try await Task.sleep(for: .seconds(1))
        for news in limiter.news(at: RegistryClock.system.boot()) { log(news) }
      }
    }
  }

  private func log(_ news: RateLimitNews) {
    switch news {
    case .began(let network):
      logger.warning(
        "replies are limited: a network gets more than rate_limit",
        metadata: ["network": "\(network)"])
    case .ended(let network, let seconds):
      logger.notice(
        "replies are no longer limited",
        metadata: ["network": "\(network)", "seconds": "\(seconds)"])
    }
  }
}
