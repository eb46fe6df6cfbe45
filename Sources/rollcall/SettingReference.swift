// What each setting is: the reference that `rollcall config --reference` prints.

import DNSTransport
import DNSZone
import QueryLog
import RegistryAPI
import ServiceRegistry

/// One setting, for who has to choose its value.
struct SettingReference {
  let key: SettingKey
  /// What it is when nobody sets it, as it would be written; nil for none.
  let usual: String?
  let meaning: String

  fileprivate init(_ key: SettingKey, _ usual: String?, _ meaning: String) {
    self.key = key
    self.usual = usual
    self.meaning = meaning
  }

  /// All settings, as they belong together.
  static let sections: [(title: String, settings: [SettingReference])] = [
    ("What it serves", serving), ("Access to the API", access), ("DNS", dns),
    ("Connections", connections),
    ("Registrations", registrations), ("Log", log), ("The program", program),
  ]

  private static let serving = [
    SettingReference(
      .zone, "mesh.internal.",
      "the service zone, below which registered names stand; at most \(Settings.zoneLengthLimit) "
        + "octets"),
    SettingReference(
      .reverseZones, nil,
      "zones below in-addr.arpa or ip6.arpa that are served with PTR for registered addresses, at "
        + "most \(Settings.reverseZoneLimit)"),
    SettingReference(
      .dns, "127.0.0.1:5300",
      "addresses for DNS over UDP and TCP, at most \(Settings.listenerLimit); port 0 is one that "
        + "the system picks"),
    SettingReference(
      .http, "127.0.0.1:8053",
      "addresses for the API, at most \(Settings.listenerLimit); beyond loopback only with TLS and "
        + "tokens, or allow_plaintext and allow_anonymous"),
    SettingReference(
      .nsAddress, nil,
      "the address of ns in the service zone; without it the first of dns that is not a wildcard"),
    SettingReference(.zones, "zones", "the directory of zone files"),
    SettingReference(.data, "rollcall-data", "the directory of what is stored"),
    SettingReference(
      .publishMetadata, "true", "whether TXT records tell instances' metadata to all who ask"),
  ]

  private static let access = [
    SettingReference(.tokens, nil, "the file of tokens; without it no call needs one"),
    SettingReference(
      .tlsCertificate, nil,
      "a PEM file with the certificate and its chain: the API speaks TLS 1.2 or later then"),
    SettingReference(.tlsKey, nil, "the PEM file of the certificate's key"),
    SettingReference(
      .tlsClientCA, nil,
      "a PEM file of who signs clients' certificates, without which nobody gets in then"),
    SettingReference(
      .allowPlaintext, "false", "true: the API may listen beyond loopback without TLS"),
    SettingReference(
      .allowAnonymous, "false", "true: the API may listen beyond loopback without tokens"),
    SettingReference(
      .allowedHosts, nil,
      "host names by which the API may be addressed, besides its addresses and localhost"),
  ]

  private static let dns = [
    SettingReference(
      .workers, nil,
      "threads that answer UDP queries on each address, 1 to \(Settings.workerLimit); without it "
        + "one for each core"),
    SettingReference(
      .allowQuery, nil,
      "prefixes of the clients that are answered, at most \(Settings.prefixLimit); without it "
        + "everybody is"),
    SettingReference(
      .clientProfile, nil,
      "clients whose replies are to be another than everybody's, at most "
        + "\(ClientProfileSetting.limit), each as PROFILE=PREFIX, or PROFILE=ADDRESS:PORT for who "
        + "asks at that address of dns; profiles: musl (at most 48 addresses, NXDOMAIN for "
        + "REFUSED), haproxy (weights of SRV records times 256), dnsmasq (RA set), single (one "
        + "address)"),
    SettingReference(
      .forward, nil,
      "DNS servers that are asked for names outside all zones, at most \(Settings.forwardLimit), "
        + "port 53 unless given; without them such names are REFUSED"),
    SettingReference(
      .forwardFor, Settings.defaultForwardFor.joined(separator: ", "),
      "prefixes of the clients for whom they are asked, at most \(Settings.prefixLimit); others "
        + "are REFUSED"),
    SettingReference(
      .serverID, nil,
      "what id.server and NSID tell, at most \(ResponderSettings.serverIDLimit) octets; empty: "
        + "nothing; without it the host's name"),
    SettingReference(
      .requireCookies, "never",
      "whether only clients with a DNS cookie are answered over UDP: never, under_load (while a "
        + "thread finds more queries waiting than it takes in at once), always"),
    SettingReference(
      .cookieSecrets, nil,
      "1 or \(Settings.cookieSecretLimit) secrets for cookies, 32 hexadecimal digits each, the "
        + "first for new ones; without it one that is made at start"),
    SettingReference(
      .rateLimit, "\(Settings.defaultRateLimit)",
      "replies a second to a network over UDP (IPv4: /24, IPv6: /56); 0: no limit; at most "
        + "\(RateLimit.perSecondLimit)"),
    SettingReference(
      .rateLimitSlip, "1",
      "of the replies beyond the limit each n-th is sent truncated; 0: none; at most "
        + "\(RateLimit.slipLimit)"),
    SettingReference(
      .rateLimitExempt, Settings.defaultRateLimitExempt.joined(separator: ", "),
      "prefixes that are not limited, at most \(Settings.prefixLimit)"),
  ]

  private static let connections = [
    SettingReference(
      .tcpConnections, "\(usualTCP.connections)",
      "connections of DNS over TCP, " + range(ConnectionSettings.connections)
        + "; one more closes the one longest without a query"),
    SettingReference(
      .tcpConnectionsPerAddress, "\(usualTCP.connectionsFromOneAddress)",
      "of these from one address (IPv6: one /64), " + range(ConnectionSettings.connections)),
    SettingReference(
      .tcpIdleSeconds, "\(usualTCP.idle.components.seconds)",
      "how long one may be without a query, " + range(ConnectionSettings.seconds)),
    SettingReference(
      .httpConnections, "\(usualHTTP.connections)",
      "connections to the API, " + range(ConnectionSettings.connections)
        + "; one more closes the one that has waited longest, or gets 503"),
    SettingReference(
      .httpConnectionsPerAddress, "\(usualHTTP.fromOneAddress)",
      "of these from one address (IPv6: one /64) that is not loopback, "
        + range(ConnectionSettings.connections)),
    SettingReference(
      .httpRequestSeconds, "\(usualHTTP.requestSeconds)",
      "how long a request may take to arrive, " + range(ConnectionSettings.seconds)),
    SettingReference(
      .watchers, "\(usualHTTP.watchers)",
      "event streams and waiting calls beside these connections, "
        + range(ConnectionSettings.watchers) + "; one more gets 503"),
    SettingReference(
      .watchersPerAddress, "\(usualHTTP.watchersFromOneAddress)",
      "of these from one address (IPv6: one /64) that is not loopback, "
        + range(ConnectionSettings.watchers)),
    SettingReference(
      .watcherUnsentOctets, "\(usualHTTP.watcherUnsentOctets)",
      "octets of events that may come while a watcher takes nothing, "
        + range(ConnectionSettings.watcherUnsentOctets) + "; then it is closed"),
  ]
  private static let usualTCP = TCPLimits()
  private static let usualHTTP = HTTPConnectionLimits()

  private static let registrations = [
    SettingReference(
      .maxInstances, "\(RegistryLimits.instances)",
      "registered instances of all services, \(range(1...RegistryLimits.instances)); beyond, new "
        + "ones are refused"),
    SettingReference(
      .maxServices, "\(RegistryLimits.services)",
      "services, \(range(1...RegistryLimits.services)); beyond, new ones are refused"),
    SettingReference(
      .emptyServiceSeconds, "\(RegistryLimits.defaultEmptyServiceSeconds)",
      "how long a service without instances exists, "
        + range(RegistryLimits.emptyServiceSeconds)),
    SettingReference(
      .brakeShare, "0",
      "percent of a service's instances that may expire within the brake's window; 0: no brake"),
    SettingReference(
      .brakeWindowSeconds, "\(RegistryLimits.defaultBrakeWindowSeconds)",
      "the window, " + range(RegistryLimits.brakeWindowSeconds)),
    SettingReference(
      .brakeHoldSeconds, "\(RegistryLimits.defaultBrakeHoldSeconds)",
      "how long the brake holds an instance at most, " + range(RegistryLimits.brakeHoldSeconds)),
    SettingReference(
      .brakeMinimum, "\(RegistryLimits.defaultBrakeMinimum)",
      "services with fewer instances are not braked; " + range(RegistryLimits.brakeMinimum)),
    SettingReference(
      .eventsKept, "\(RegistryLimits.defaultEventsKept)",
      "changes that are kept for watchers who missed them, " + range(RegistryLimits.eventsKept)),
  ]

  private static let log = [
    SettingReference(
      .logLevel, "info", "trace, debug, info, notice, warning, error or critical"),
    SettingReference(.logFormat, "text", "text, or json: an object a line"),
    SettingReference(
      .queryLogEvery, "0",
      "one query of so many has a line in the log, at random; 0: none; 1: each; at most "
        + "\(QueryLogSettings.every.upperBound)"),
    SettingReference(
      .dnstap, nil,
      "where queries and replies go as dnstap: unix:/path of a collector's socket, or file:/path"),
    SettingReference(
      .dnstapEvery, "1",
      "one query of so many goes there, at random, " + range(QueryLogSettings.every)),
  ]

  private static let program = [
    SettingReference(
      .user, nil, "who to go on as when root starts the program; without it nobody else"),
    SettingReference(
      .stopSeconds, "\(Settings.defaultStopSeconds)",
      "how long the end may take after SIGTERM, 1 to \(Settings.stopSecondsLimit)"),
  ]

  private static func range(_ range: ClosedRange<Int>) -> String {
    "\(range.lowerBound) to \(range.upperBound)"
  }
}

extension SettingReference {
  /// The whole reference in Markdown, as `docs/configuration.md` is.
  static var markdown: String {
    let tables = sections.map { title, settings in
      "## \(title)\n\n| setting | flag | default | what |\n| --- | --- | --- | --- |\n"
        + settings.map(\.row).joined()
    }
    return introduction + tables.joined(separator: "\n")
  }

  private static let introduction = """
    <!-- Printed by `rollcall config --reference`; a test keeps it so. -->
    # Settings

    Each setting can stand in a YAML file (`rollcall serve --config FILE`), in the environment as
    `ROLLCALL_` and its name in capitals, and some as a flag. A flag goes before the environment,
    that before the file. A list is a YAML list in the file, values between commas in the
    environment, and a flag given several times. A setting that does not exist is an error that
    names the nearest one; `rollcall serve --check` only looks for errors, and `rollcall config`
    prints what is in force and where each value came from.


    """

  private var row: String {
    let flag = key.hasFlag ? "`\(key.flag)`" : ""
    let usual = usual.map { "`\($0)`" } ?? ""
    return "| `\(key.rawValue)`\(key.isList ? " (list)" : "") | \(flag) | \(usual) | \(meaning) |\n"
  }
}
