// What is registered: one instance of a service.

/// One instance of a service as it is to be registered. The server checks it and says what is
/// wrong.
public struct Instance: Sendable {
  /// A transport protocol that a port is for.
  public enum TransportProtocol: String, Sendable, Encodable {
    case tcp
    case udp
  }

  /// How an instance is. Those that are `passing` or `warning` are in answers.
  public enum Status: String, Sendable, Encodable {
    case passing
    case warning
    case critical
  }

  /// A port with a name, found as `_NAME._tcp.S.Z` or `_NAME._udp.S.Z` (RFC 2782).
  public struct Port: Hashable, Sendable {
    /// 1 to 65,535.
    public var number: Int
    public var transport: TransportProtocol

    /// - Parameters:
    ///   - number: 1 to 65,535.
    ///   - transport: which protocol it is for.
    public init(_ number: Int, _ transport: TransportProtocol = .tcp) {
      self.number = number
      self.transport = transport
    }
  }

  /// The service's name, such as `web` or `web.prod`, without the zone.
  public var service: String
  /// One label, which is the instance's alone; it is to be the same after a restart.
  public var id: String
  /// IPv4 and IPv6 addresses in text form, 16 at most; none: the one that the registration comes
  /// from.
  public var addresses: [String] = []
  /// The default port, 1 to 65,535; an instance without one has no SRV record.
  public var port: Int?
  /// Other ports by name, 16 at most.
  public var ports: [String: Port] = [:]
  /// What ``port`` is for.
  public var transport = TransportProtocol.tcp
  /// The share among instances of the same priority, 1 to 65,535.
  public var weight = 1
  /// Instances with a higher number wait until none with a lower one is live; 0 to 65,535.
  public var priority = 0
  /// Found as `TAG.tag.S.Z`, 32 at most.
  public var tags: [String] = []
  /// In the instance's TXT record (RFC 6763 section 6), 64 entries of 255 octets at most.
  public var metadata: [String: String] = [:]
  /// The status that it is registered with.
  public var status = Status.passing
  /// How long it stays without a renewal, 1 to 86,400 seconds; nil: until it is deregistered.
  public var leaseSeconds: Int? = 30

  /// - Parameters:
  ///   - service: the service's name without the zone.
  ///   - id: one label.
  ///   - port: the default port.
  public init(service: String, id: String, port: Int? = nil) {
    self.service = service
    self.id = id
    self.port = port
  }
}

extension Instance.Port: Encodable {
  private enum CodingKeys: String, CodingKey {
    case number = "port"
    case transport = "protocol"
  }
}

/// The body of a registration: what the path says is not in it.
extension Instance: Encodable {
  private enum CodingKeys: String, CodingKey {
    case addresses
    case port
    case ports
    case transport = "protocol"
    case weight
    case priority
    case tags
    case metadata
    case status
    case leaseSeconds = "lease_seconds"
  }

  public func encode(to encoder: any Encoder) throws {
    var object = encoder.container(keyedBy: CodingKeys.self)
    if !addresses.isEmpty { try object.encode(addresses, forKey: .addresses) }
    try object.encodeIfPresent(port, forKey: .port)
    try object.encode(ports, forKey: .ports)
    try object.encode(transport, forKey: .transport)
    try object.encode(weight, forKey: .weight)
    try object.encode(priority, forKey: .priority)
    try object.encode(tags, forKey: .tags)
    try object.encode(metadata, forKey: .metadata)
    try object.encode(status, forKey: .status)
    // Without the member the lease would be the server's default.
    try object.encode(leaseSeconds, forKey: .leaseSeconds)
  }
}
