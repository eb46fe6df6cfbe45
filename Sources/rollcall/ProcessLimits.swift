// What the system lets this process have: descriptors and core files.

import DNSTransport
import Glibc
import RegistryAPI

enum ProcessLimits {
  /// No core files: they would hold registrations, secrets and keys. Only the soft limit is
  /// lowered, so that prlimit(1) can allow them again while the server runs.
  static func forbidCoreFiles() {
    change(RLIMIT_CORE) { $0.rlim_cur = 0 }
  }

  /// Raises the soft limit of descriptors as far as it goes (the usual 1,024 is for programs that
  /// use select(2)); root also the hard one, up to `count`.
  /// - Returns: how many descriptors there may be.
  @discardableResult
  static func raiseDescriptors(to count: Int) -> Int {
    change(RLIMIT_NOFILE) { $0.rlim_max = max($0.rlim_max, rlim_t(count)) }
    change(RLIMIT_NOFILE) { $0.rlim_cur = $0.rlim_max }
    return descriptors
  }

  /// How many descriptors there may be.
  static var descriptors: Int {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return Int(clamping: limit.rlim_cur)
  }

  private static func change(_ resource: __rlimit_resource, _ body: (inout rlimit) -> Void) {
    let resource = __rlimit_resource_t(resource.rawValue)
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0 else { return }
    body(&limit)
    setrlimit(resource, &limit)
  }
}

extension Settings {
  /// Descriptors for the log, the database and its journal, zone files, event loops and what else
  /// is open whatever happens, with room to spare.
  private static let otherDescriptors = 256

  /// How many descriptors the server comes to need when every limit of connections is reached.
  var descriptorNeed: Int {
    dns.count * (workers + 1) + tcpLimits.connections
      + http.count + httpLimits.connections + httpLimits.watchers + Self.otherDescriptors
  }

  /// As many connections as there are descriptors for. Where they are too few, it is watchers that
  /// get less, since they stay: others would find none left, DNS over TCP and the store included.
  func connectionLimits(descriptors: Int) -> HTTPConnectionLimits {
    var limits = httpLimits
    let left = limits.watchers - max(0, descriptorNeed - descriptors)
    limits.watchers = max(left, min(limits.watchers, descriptors / 4))
    return limits
  }
}
