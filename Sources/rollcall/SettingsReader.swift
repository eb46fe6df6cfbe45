// Settings from flags, the environment and a file, in falling order of precedence.

import Configuration
import DNSClient
import DNSTransport
import DNSWire
import DNSZone
import FoundationEssentials
import Glibc
import JSONText
import Logging
import QueryLog
import ServiceRegistry
import SystemPackage
import Yams

extension Settings {
  static func read(flags: [SettingKey: [String]], file: String?) async throws -> Settings {
    let reader = try await SettingsReader(flags: flags, file: file)
    let dns = try reader.addresses(.dns, default: "127.0.0.1:5300")
    let http = try reader.addresses(.http, default: "127.0.0.1:8053")
    return Settings(
      zone: try reader.domainName(.zone, default: "mesh.internal."),
      reverseZones: try reader.reverseZones(),
      dns: dns,
      http: http,
      access: try reader.access(listeners: http),
      allowedHosts: reader.strings(.allowedHosts) ?? [],
      nsAddress: try reader.nsAddress(listeners: dns),
      zonesDirectory: reader.string(.zones) ?? "zones",
      isZonesDirectoryNamed: reader.string(.zones) != nil,
      dataDirectory: reader.string(.data) ?? "rollcall-data",
      publishMetadata: try reader.bool(.publishMetadata, default: true),
      serverID: try reader.serverID(),
      cookieSecrets: try reader.cookieSecrets(),
      requireCookies: try reader.choice(.requireCookies, default: .never),
      allowQuery: try reader.prefixes(.allowQuery),
      clientProfiles: try reader.clientProfiles(listeners: dns),
      forward: try reader.forward(listeners: dns),
      forwardFor: try reader.prefixes(.forwardFor, default: defaultForwardFor),
      rateLimit: try reader.rateLimit(),
      tcpLimits: try reader.tcpLimits(),
      httpLimits: try reader.httpLimits(),
      registry: try reader.registry(),
      queryLogEvery: try reader.queryLogEvery(),
      dnstap: try reader.dnstap(),
      workers: try reader.number(
        .workers, in: 1...workerLimit, default: min(SettingsReader.cores(), workerLimit)),
      user: reader.string(.user),
      stopSeconds: try reader.number(
        .stopSeconds, in: 1...stopSecondsLimit, default: defaultStopSeconds),
      logLevel: try reader.choice(.logLevel, default: .info),
      logFormat: try reader.choice(.logFormat, default: .text),
      unknownVariables: unknownVariables(),
      sources: reader.sources)
  }

  private static func unknownVariables() -> [String] {
    let prefix = "ROLLCALL_"
    let known = Set(SettingKey.allCases.map(\.variable))
      .union(ClientVariable.allCases.map(\.rawValue))
    return ProcessInfo.processInfo.environment.keys
      .filter { $0.hasPrefix(prefix) && !known.contains($0) }.sorted()
  }
}

struct SettingsReader {
  private let reader: ConfigReader
  let sources: [SettingKey: SettingSource]

  init(flags: [SettingKey: [String]], file: String?) async throws {
    sources = try Self.sources(flags: flags, file: file)
    var providers: [any ConfigProvider] = [
      InMemoryProvider(values: Self.values(flags)),
      EnvironmentVariablesProvider().prefixKeys(with: "rollcall"),
    ]
    if let file {
      do {
        providers.append(try await FileProvider<YAMLSnapshot>(filePath: FilePath(file)))
      } catch {
        throw SettingError("\(file): \(error)")
      }
    }
    reader = ConfigReader(providers: providers)
  }

  /// Of a key that several have, the one that counts.
  private static func sources(
    flags: [SettingKey: [String]], file: String?
  ) throws -> [SettingKey: SettingSource] {
    var sources: [SettingKey: SettingSource] = [:]
    if let file {
      for key in try keys(of: file) { sources[key] = .file(file) }
    }
    let variables = ProcessInfo.processInfo.environment
    for key in SettingKey.allCases where variables[key.variable] != nil {
      sources[key] = .environment(key.variable)
    }
    for key in flags.keys { sources[key] = .flag(key.flag) }
    return sources
  }

  private static func values(
    _ flags: [SettingKey: [String]]
  ) -> [AbsoluteConfigKey: ConfigValue] {
    var values: [AbsoluteConfigKey: ConfigValue] = [:]
    for (key, texts) in flags {
      values[AbsoluteConfigKey([key.rawValue])] =
        key.isList
        ? ConfigValue(.stringArray(texts), isSecret: false)
        : ConfigValue(.string(texts[0]), isSecret: false)
    }
    return values
  }

  /// The settings that a file has. It may have no others: a misspelt one would be ignored in
  /// silence.
  private static func keys(of file: String) throws -> [SettingKey] {
    let node: Node?
    do {
      node = try compose(yaml: String(contentsOfFile: file, encoding: .utf8))
    } catch let error as YamlError {
      throw SettingError("\(file)\(error.oneLine)")
    } catch let error as CocoaError where error.code == .fileReadNoSuchFile {
      throw SettingError("\(file): there is no such file")
    } catch let error as CocoaError where error.code == .fileReadNoPermission {
      throw SettingError("\(file): the user with the number \(geteuid()) may not read it")
    } catch {
      throw SettingError("\(file): can't be read as text in UTF-8")
    }
    guard let node, node != Node("") else { return [] }
    guard let mapping = node.mapping else {
      throw SettingError("\(file): must hold settings as 'name: value'")
    }
    return try mapping.map { name, value in
      let text = name.string ?? "?"
      guard let key = SettingKey(rawValue: text) else {
        let known = SettingKey.allCases.map(\.rawValue)
        throw SettingError(
          "\(file): there is no setting '\(text)'\(suggestion(for: text, among: known));"
            + " there are: " + known.joined(separator: ", "))
      }
      guard value.scalar != nil || (key.isList && value.sequence != nil) else {
        throw SettingError(
          "\(file): setting \(key.rawValue) must be a single value"
            + (key.isList ? " or a list" : ""))
      }
      return key
    }
  }

  func string(_ key: SettingKey) -> String? {
    reader.string(forKey: ConfigKey([key.rawValue]))
  }

  func strings(_ key: SettingKey) -> [String]? {
    reader.stringArray(forKey: ConfigKey([key.rawValue])) ?? string(key).map { [$0] }
  }

  func domainName(_ key: SettingKey, default fallback: String) throws -> DomainName {
    try domainName(key, string(key) ?? fallback)
  }

  func reverseZones() throws -> [DomainName] {
    let names = try (strings(.reverseZones) ?? []).map { try domainName(.reverseZones, $0) }
    try Settings.checkReverseZones(names)
    return names
  }

  private func domainName(_ key: SettingKey, _ text: String) throws -> DomainName {
    do {
      let name = try DomainName(text)
      guard !name.isRoot else { throw SettingError(key, text, "must not be the root") }
      guard name.wire.count <= Settings.zoneLengthLimit else {
        throw SettingError(key, text, "leaves no room for names below it")
      }
      return name
    } catch let error as DomainNameError {
      throw SettingError(key, text, "is no domain name: \(error)")
    }
  }

  func addresses(_ key: SettingKey, default fallback: String) throws -> [ListenAddress] {
    let texts = strings(key) ?? [fallback]
    guard (1...Settings.listenerLimit).contains(texts.count) else {
      throw SettingError("setting \(key.rawValue): 1 to \(Settings.listenerLimit) addresses")
    }
    let addresses = try texts.map { text in
      do {
        return try ListenAddress(text)
      } catch {
        throw SettingError("setting \(key.rawValue): \(error)")
      }
    }
    for (index, address) in addresses.enumerated()
    where address.port != 0 && addresses[..<index].contains(address) {
      throw SettingError(key, "\(address)", "is given twice")
    }
    return addresses
  }

  func access(listeners: [ListenAddress]) throws -> AccessSettings {
    let access = AccessSettings(
      tokens: string(.tokens), certificate: string(.tlsCertificate), key: string(.tlsKey),
      clientCA: string(.tlsClientCA), allowsPlaintext: try bool(.allowPlaintext, default: false),
      allowsAnonymous: try bool(.allowAnonymous, default: false))
    try access.check(listeners: listeners)
    return access
  }

  func bool(_ key: SettingKey, default fallback: Bool) throws -> Bool {
    guard let text = string(key) else { return fallback }
    guard let value = Bool(text) else {
      throw SettingError(key, text, "must be true or false")
    }
    return value
  }

  func prefixes(_ key: SettingKey, default fallback: [String] = []) throws -> [AddressPrefix] {
    let texts = strings(key) ?? fallback
    guard texts.count <= Settings.prefixLimit else {
      throw SettingError(
        "setting \(key.rawValue): at most \(Settings.prefixLimit) prefixes, not \(texts.count)")
    }
    return try texts.map { text in
      guard let prefix = AddressPrefix(text) else {
        throw SettingError(
          key, text,
          "is no prefix of addresses; write it like 10.0.0.0/8, 2001:db8::/32 or 192.0.2.1, "
            + "with no bit set after the prefix")
      }
      return prefix
    }
  }

  func clientProfiles(listeners: [ListenAddress]) throws -> [ClientProfileSetting] {
    let texts = strings(.clientProfile) ?? []
    guard texts.count <= ClientProfileSetting.limit else {
      throw SettingError(
        "setting client_profile: at most \(ClientProfileSetting.limit), not \(texts.count)")
    }
    return try texts.map { try ClientProfileSetting($0, listeners: listeners) }
  }

  func forward(listeners: [ListenAddress]) throws -> [NameServer] {
    let texts = strings(.forward) ?? []
    guard texts.count <= Settings.forwardLimit else {
      throw SettingError("setting forward: at most \(Settings.forwardLimit) servers")
    }
    return try texts.map { text in
      guard let server = NameServer(text) else {
        throw SettingError(
          .forward, text,
          "is no address of a DNS server; write it like 192.0.2.53, 192.0.2.53:5353 or "
            + "[2001:db8::53]:53")
      }
      guard !listeners.contains(where: { $0.description == server.description }) else {
        throw SettingError(.forward, text, "is this server's own address")
      }
      return server
    }
  }

  func nsAddress(listeners: [ListenAddress]) throws -> IPAddress? {
    if let text = string(.nsAddress) {
      guard let address = IPAddress(text) else {
        throw SettingError(.nsAddress, text, "is no IP address")
      }
      return address
    }
    return listeners.first { !$0.isWildcard }.flatMap { IPAddress($0.ipAddress) }
  }

  func number(
    _ key: SettingKey, in range: ClosedRange<Int>, default fallback: Int
  ) throws -> Int {
    guard let text = string(key) else { return fallback }
    guard let number = Int(text), range.contains(number) else {
      throw SettingError(
        key, text, "must be a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  func registry() throws -> RegistrySettings {
    var registry = RegistrySettings()
    registry.instances = try number(
      .maxInstances, in: 1...RegistryLimits.instances, default: registry.instances)
    registry.services = try number(
      .maxServices, in: 1...RegistryLimits.services, default: registry.services)
    registry.emptyServiceSeconds = try number(
      .emptyServiceSeconds, in: RegistryLimits.emptyServiceSeconds,
      default: registry.emptyServiceSeconds)
    registry.brake = try brake()
    registry.eventsKept = try number(
      .eventsKept, in: RegistryLimits.eventsKept, default: registry.eventsKept)
    return registry
  }

  private func brake() throws -> BrakeSettings {
    var brake = BrakeSettings()
    let share = try number(.brakeShare, in: RegistryLimits.brakeShare, default: 0)
    brake.share = share == 0 ? nil : share
    brake.windowSeconds = try number(
      .brakeWindowSeconds, in: RegistryLimits.brakeWindowSeconds, default: brake.windowSeconds)
    brake.holdSeconds = try number(
      .brakeHoldSeconds, in: RegistryLimits.brakeHoldSeconds, default: brake.holdSeconds)
    brake.minimum = try number(
      .brakeMinimum, in: RegistryLimits.brakeMinimum, default: brake.minimum)
    return brake
  }

  /// - Returns: nil for a rate of 0, which limits nobody.
  func rateLimit() throws -> RateLimit? {
    let perSecond = try number(
      .rateLimit, in: 0...RateLimit.perSecondLimit, default: Settings.defaultRateLimit)
    let slip = try number(.rateLimitSlip, in: 0...RateLimit.slipLimit, default: 1)
    let exempt = try prefixes(.rateLimitExempt, default: Settings.defaultRateLimitExempt)
    return perSecond == 0 ? nil : RateLimit(perSecond: perSecond, slip: slip, exempt: exempt)
  }

  /// - Returns: nil for 0, which logs no query.
  func queryLogEvery() throws -> Int? {
    let every = try number(.queryLogEvery, in: 0...QueryLogSettings.every.upperBound, default: 0)
    return every == 0 ? nil : every
  }

  func dnstap() throws -> DnstapSettings? {
    let every = try number(.dnstapEvery, in: QueryLogSettings.every, default: 1)
    guard let text = string(.dnstap) else { return nil }
    guard let sink = DnstapSettings.Sink(text) else {
      throw SettingError(
        .dnstap, text,
        "must be unix: and a socket's absolute path of at most "
          + "\(DnstapSettings.Sink.socketPathLimit) octets, or file: and a file's")
    }
    return DnstapSettings(sink: sink, every: every)
  }

  static func cores() -> Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

  /// - Returns: nil for an empty text, the host's name when there is none.
  func serverID() throws -> String? {
    guard let text = string(.serverID) else { return HostName.current }
    guard text.utf8.count <= ResponderSettings.serverIDLimit else {
      throw SettingError(
        .serverID, text, "is longer than \(ResponderSettings.serverIDLimit) octets")
    }
    return text.isEmpty ? nil : text
  }

  /// A secret is not shown in an error.
  func cookieSecrets() throws -> [SipHash.Key] {
    let texts = strings(.cookieSecrets) ?? []
    guard texts.count <= Settings.cookieSecretLimit else {
      throw SettingError(
        "setting cookie_secrets: at most \(Settings.cookieSecretLimit), the first for new cookies")
    }
    return try texts.map { text in
      guard let key = [UInt8](hexadecimal: text).flatMap(SipHash.Key.init(octets:)) else {
        throw SettingError("setting cookie_secrets: each must be 32 hexadecimal digits")
      }
      return key
    }
  }

  func choice<Choice: RawRepresentable & CaseIterable>(
    _ key: SettingKey, default fallback: Choice
  ) throws -> Choice where Choice.RawValue == String {
    guard let text = string(key) else { return fallback }
    guard let choice = Choice(rawValue: text) else {
      let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw SettingError(key, text, "must be one of \(choices)")
    }
    return choice
  }
}

extension YamlError {
  /// Place and problem, without the picture of the line.
  var oneLine: String {
    switch self {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      return ":\(mark.line): \(problem)"
    default:
      return ": \("\(self)".split(separator: "\n").first ?? "is no YAML")"
    }
  }
}

extension [UInt8] {
  /// - Returns: nil unless `text` is pairs of hexadecimal digits.
  fileprivate init?(hexadecimal text: String) {
    let digits = text.utf8.map { Character(UnicodeScalar($0)).hexDigitValue }
    guard digits.count % 2 == 0, digits.allSatisfy({ $0 != nil }) else { return nil }
    let values = digits.compactMap { $0.map(UInt8.init) }
    self = stride(from: 0, to: values.count, by: 2).map { values[$0] << 4 | values[$0 + 1] }
  }
}
