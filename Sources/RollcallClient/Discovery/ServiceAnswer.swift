// What DNS says of a service: its instances, or that there is no such service.

import DNSWire

struct ServiceAnswer: Equatable, Sendable {
  enum Content: Equatable, Sendable {
    /// NXDOMAIN.
    case unknown
    /// None: the service exists and has no live instance.
    case instances([Endpoint])
  }

  var content: Content
  /// Seconds for which it may be kept: the least TTL of all that it was made of.
  var ttl: UInt32
}

/// The records of which the answer is made.
struct ServiceRecords {
  /// For what says nothing of it, such as a negative answer without a SOA (RFC 2308 section 5).
  private static let unsaidTTL: UInt32 = 0
  /// Aliases that are followed.
  private static let aliasLimit = 16

  private var locations: [Reply.ServiceLocation] = []
  private var addresses: [DomainName: [IPAddress]] = [:]
  /// Seconds for which it may be kept that a target has no addresses of a family.
  private var absences: [DomainName: UInt32] = [:]
  private var isUnknown = false
  private var ttl = UInt32.max
  private let prefersV6: Bool

  /// - Parameter reply: an answer to the question for SRV records of `name`.
  init(_ reply: Reply, of name: DomainName, prefersV6: Bool = false) {
    self.prefersV6 = prefersV6
    let owner = follow(name, in: reply)
    isUnknown = reply.code == .nameError
    for record in reply.answer where record.owner == owner {
      guard let location = reply.serviceLocation(record) else { continue }
      ttl = min(ttl, record.ttl)
      // The root says that there is no instance (RFC 2782), and nobody can connect to port 0.
      if !location.target.isRoot, location.port > 0 { locations.append(location) }
    }
    guard !locations.isEmpty else {
      ttl = min(ttl, reply.negativeTTL ?? Self.unsaidTTL)
      return
    }
    let targets = Set(locations.map(\.target))
    for record in reply.additional where targets.contains(record.owner) { note(record, reply) }
  }

  /// Targets whose addresses are not known yet.
  var unresolved: [DomainName] {
    var seen: Set<DomainName> = []
    return locations.map(\.target).filter { addresses[$0] == nil && seen.insert($0).inserted }
  }

  /// Takes the answer to the question for addresses of `target`.
  mutating func resolve(_ target: DomainName, _ reply: Reply) {
    let owner = follow(target, in: reply)
    for record in reply.answer where record.owner == owner { note(record, reply, as: target) }
    if let absence = reply.negativeTTL {
      absences[target] = min(absence, absences[target] ?? absence)
    }
  }

  private mutating func note(_ record: Reply.Record, _ reply: Reply, as target: DomainName? = nil) {
    guard let address = reply.address(record) else { return }
    addresses[target ?? record.owner, default: []].append(address)
    ttl = min(ttl, record.ttl)
  }

  /// The name that the aliases in an answer lead to, whose TTLs count.
  private mutating func follow(_ name: DomainName, in reply: Reply) -> DomainName {
    var name = name
    for _ in 0..<Self.aliasLimit {
      guard let record = reply.answer.first(where: { $0.type == .cname && $0.owner == name }),
        let target = reply.alias(record)
      else { break }
      ttl = min(ttl, record.ttl)
      name = target
    }
    return name
  }

  /// One endpoint an instance, in the order in which the server gave them.
  var answer: ServiceAnswer {
    let content: ServiceAnswer.Content =
      isUnknown ? .unknown : .instances(locations.compactMap(endpoint))
    // A target without any address is looked at again when its absence ends.
    let absence = unresolved.compactMap { absences[$0] }.min()
    return ServiceAnswer(content: content, ttl: min(ttl, absence ?? ttl))
  }

  /// An instance with several addresses is one endpoint, or it would get several times its share.
  /// Servers rotate them: it is to be the same one each time, so that it is the same instance.
  private func endpoint(_ location: Reply.ServiceLocation) -> Endpoint? {
    let all = addresses[location.target] ?? []
    let preferred = all.filter { $0.isV4 != prefersV6 }
    let least = (preferred.isEmpty ? all : preferred).min {
      $0.octets.lexicographicallyPrecedes($1.octets)
    }
    guard let address = least else { return nil }
    return Endpoint(
      address: address.description, port: Int(location.port),
      host: String(location.target.description.dropLast()), weight: Int(location.weight),
      priority: Int(location.priority))
  }
}
