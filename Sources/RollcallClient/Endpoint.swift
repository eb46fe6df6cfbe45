// One instance of a service, as DNS tells of it.

/// One instance of a service, as DNS tells of it (RFC 2782).
public struct Endpoint: Hashable, Sendable {
  /// An IPv4 or IPv6 address in text form, to connect to.
  public var address: String
  /// 1 to 65,535.
  public var port: Int
  /// The instance's own name, the target of its SRV record, without a final dot.
  public var host: String
  /// The share of the traffic among instances of the same priority; 0 to 65,535.
  public var weight: Int
  /// Instances with a lower number are used first; 0 to 65,535.
  public var priority: Int

  /// - Parameters:
  ///   - address: IPv4 or IPv6 in text form.
  ///   - port: 1 to 65,535.
  ///   - host: the instance's own name without a final dot.
  ///   - weight: 0 to 65,535.
  ///   - priority: 0 to 65,535, lower is better.
  public init(address: String, port: Int, host: String, weight: Int = 1, priority: Int = 0) {
    self.address = address
    self.port = port
    self.host = host
    self.weight = weight
    self.priority = priority
  }
}
