// The settings in force as they would be written in a file.

import DNSClient
import DNSTransport
import DNSWire
import DNSZone
import Logging
import QueryLog
import RegistryAPI
import ServiceRegistry

extension Settings {
  /// Nothing for one that has no value; one for each that is no list.
  func values(of key: SettingKey) -> [String] {
    switch key {
    case .zone: ["\(zone)"]
    case .reverseZones: reverseZones.map(\.description)
    case .dns: dns.map(\.description)
    case .http: http.map(\.description)
    case .allowedHosts: allowedHosts
    case .tokens: [access.tokens].compactMap(\.self)
    case .tlsCertificate: [access.certificate].compactMap(\.self)
    case .tlsKey: [access.key].compactMap(\.self)
    case .tlsClientCA: [access.clientCA].compactMap(\.self)
    case .allowPlaintext: ["\(access.allowsPlaintext)"]
    case .allowAnonymous: ["\(access.allowsAnonymous)"]
    case .nsAddress: nsAddress.map { ["\($0)"] } ?? []
    case .zones: [zonesDirectory]
    case .data: [dataDirectory]
    case .workers: ["\(workers)"]
    case .user: [user].compactMap(\.self)
    case .stopSeconds: ["\(stopSeconds)"]
    case .publishMetadata: ["\(publishMetadata)"]
    case .serverID: [serverID].compactMap(\.self)
    case .cookieSecrets: cookieSecrets.map { _ in "(not shown)" }
    case .requireCookies: [requireCookies.rawValue]
    case .allowQuery: allowQuery.map(\.description)
    case .clientProfile: clientProfiles.map(\.description)
    case .forward: forward.map(\.description)
    case .forwardFor: forwardFor.map(\.description)
    case .rateLimit: ["\(rateLimit?.perSecond ?? 0)"]
    case .rateLimitSlip: rateLimit.map { ["\($0.slip)"] } ?? []
    case .rateLimitExempt: rateLimit?.exempt.map(\.description) ?? []
    case .tcpConnections: ["\(tcpLimits.connections)"]
    case .tcpConnectionsPerAddress: ["\(tcpLimits.connectionsFromOneAddress)"]
    case .tcpIdleSeconds: ["\(tcpLimits.idle.components.seconds)"]
    case .httpConnections: ["\(httpLimits.connections)"]
    case .httpConnectionsPerAddress: ["\(httpLimits.fromOneAddress)"]
    case .httpRequestSeconds: ["\(httpLimits.requestSeconds)"]
    case .watchers: ["\(httpLimits.watchers)"]
    case .watchersPerAddress: ["\(httpLimits.watchersFromOneAddress)"]
    case .watcherUnsentOctets: ["\(httpLimits.watcherUnsentOctets)"]
    case .maxInstances: ["\(registry.instances)"]
    case .maxServices: ["\(registry.services)"]
    case .emptyServiceSeconds: ["\(registry.emptyServiceSeconds)"]
    case .eventsKept: ["\(registry.eventsKept)"]
    case .brakeShare: ["\(registry.brake.share ?? 0)"]
    case .brakeWindowSeconds: ["\(registry.brake.windowSeconds)"]
    case .brakeHoldSeconds: ["\(registry.brake.holdSeconds)"]
    case .brakeMinimum: ["\(registry.brake.minimum)"]
    case .queryLogEvery: ["\(queryLogEvery ?? 0)"]
    case .dnstap: dnstap.map { ["\($0.sink)"] } ?? []
    case .dnstapEvery: ["\(dnstap?.every ?? 1)"]
    case .logLevel: [logLevel.rawValue]
    case .logFormat: [logFormat.rawValue]
    }
  }
}
