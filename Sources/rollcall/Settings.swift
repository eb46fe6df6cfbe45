// What an operator can set about the server.

import DNSClient
import DNSTransport
import DNSWire
import DNSZone
import Logging
import QueryLog
import RegistryAPI
import ServiceRegistry

/// The settings in force, checked.
struct Settings {
  var zone: DomainName
  /// Zones below `in-addr.arpa` and `ip6.arpa` for registered addresses.
  var reverseZones: [DomainName]
  var dns: [ListenAddress]
  var http: [ListenAddress]
  var access: AccessSettings
  /// Host names by which the API may be addressed besides its addresses and `localhost`.
  var allowedHosts: [String]
  /// Where clients reach this server; nil where all listeners are wildcards and none is named.
  var nsAddress: IPAddress?
  var zonesDirectory: String
  /// Whether the directory of zone files was named and so must be there.
  var isZonesDirectoryNamed: Bool
  var dataDirectory: String
  /// Whether TXT records tell instances' metadata to all who ask.
  var publishMetadata: Bool
  /// What `id.server` and NSID say; nil tells nobody.
  var serverID: String?
  /// One or two, the first for new cookies; none: one that nobody knows, made at start.
  var cookieSecrets: [SipHash.Key]
  var requireCookies: CookieRequirement
  /// Whom DNS queries are answered for; empty: everybody.
  var allowQuery: [AddressPrefix]
  /// Whose replies are to be another than everybody's.
  var clientProfiles: [ClientProfileSetting]
  /// Servers that are asked for names outside all zones; none: nobody is.
  var forward: [NameServer]
  /// For whom they are asked.
  var forwardFor: [AddressPrefix]
  /// Of replies over UDP; nil limits nobody.
  var rateLimit: RateLimit?
  var tcpLimits: TCPLimits
  /// Fewer may watch where there are too few descriptors.
  var httpLimits: HTTPConnectionLimits
  var registry: RegistrySettings
  /// One query of so many has a line in the log; nil: none has.
  var queryLogEvery: Int?
  var dnstap: DnstapSettings?
  /// Threads for each address.
  var workers: Int
  /// Who to go on as when root starts the program.
  var user: String?
  /// Within which the server ends after it was asked to.
  var stopSeconds: Int
  var logLevel: Logger.Level
  var logFormat: LogFormat
  /// Variables of the environment that look like settings and are none: perhaps misspelt, perhaps
  /// set by an orchestrator for a service of this name.
  var unknownVariables: [String]
  /// Of all settings that are no defaults.
  var sources: [SettingKey: SettingSource]

  /// Octets of the service zone's name.
  static let zoneLengthLimit = 200
  static let workerLimit = 64
  static let cookieSecretLimit = 2
  static let listenerLimit = 16
  /// Replies a second to a network. A /24 of machines that keep no cache asks for hundreds; a
  /// forger who is to be worth the trouble has to send far more.
  static let defaultRateLimit = 1_000
  static let defaultRateLimitExempt = ["127.0.0.0/8", "::1/128"]
  /// Prefixes of a list; every query may be compared with all of them.
  static let prefixLimit = 256
  static let forwardLimit = 8
  /// Networks that are nobody's but the site's own (RFC 6890), so that nobody else's queries are
  /// looked up: a server that does it for all is a tool for attacks on others (RFC 5358).
  static let defaultForwardFor = [
    "127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10",
    "169.254.0.0/16", "fc00::/7", "fe80::/10",
  ]
  static let stopSecondsLimit = 3_600
  static let defaultStopSeconds = 10
}

/// The names of the settings as they stand in a file.
enum SettingKey: String, CaseIterable {
  case zone
  case reverseZones = "reverse_zones"
  case dns
  case http
  case allowedHosts = "allowed_hosts"
  case tokens
  case tlsCertificate = "tls_certificate"
  case tlsKey = "tls_key"
  case tlsClientCA = "tls_client_ca"
  case allowPlaintext = "allow_plaintext"
  case allowAnonymous = "allow_anonymous"
  case nsAddress = "ns_address"
  case zones
  case data
  case workers
  case user
  case stopSeconds = "stop_seconds"
  case publishMetadata = "publish_metadata"
  case serverID = "server_id"
  case cookieSecrets = "cookie_secrets"
  case requireCookies = "require_cookies"
  case allowQuery = "allow_query"
  case clientProfile = "client_profile"
  case forward
  case forwardFor = "forward_for"
  case rateLimit = "rate_limit"
  case rateLimitSlip = "rate_limit_slip"
  case rateLimitExempt = "rate_limit_exempt"
  case tcpConnections = "tcp_connections"
  case tcpConnectionsPerAddress = "tcp_connections_per_address"
  case tcpIdleSeconds = "tcp_idle_seconds"
  case httpConnections = "http_connections"
  case httpConnectionsPerAddress = "http_connections_per_address"
  case httpRequestSeconds = "http_request_seconds"
  case watchers
  case watchersPerAddress = "watchers_per_address"
  case watcherUnsentOctets = "watcher_unsent_octets"
  case maxInstances = "max_instances"
  case maxServices = "max_services"
  case emptyServiceSeconds = "empty_service_seconds"
  case brakeShare = "brake_share"
  case brakeWindowSeconds = "brake_window_seconds"
  case brakeHoldSeconds = "brake_hold_seconds"
  case brakeMinimum = "brake_minimum"
  case eventsKept = "events_kept"
  case queryLogEvery = "query_log_every"
  case dnstap
  case dnstapEvery = "dnstap_every"
  case logLevel = "log_level"
  case logFormat = "log_format"

  /// Whether the command line has it too.
  var hasFlag: Bool {
    switch self {
    case .zone, .dns, .http, .tokens, .nsAddress, .zones, .data, .clientProfile, .forward, .workers,
      .user,
      .logLevel, .logFormat:
      true
    default: false
    }
  }

  var isList: Bool {
    switch self {
    case .reverseZones, .dns, .http, .allowedHosts, .cookieSecrets, .allowQuery, .clientProfile,
      .forward, .forwardFor, .rateLimitExempt:
      true
    default: false
    }
  }
}

/// A wrong setting: one line that names it.
struct SettingError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }

  init(_ key: SettingKey, _ value: String, _ reason: String) {
    description = "setting \(key.rawValue): '\(value)' \(reason)"
  }
}
