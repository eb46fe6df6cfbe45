// One instance in the pool of its service.

/// An instance with what the pool knows of it.
package struct PoolMember: Sendable {
  /// What makes it the same instance when the directory is asked again.
  struct Identity: Hashable, Sendable {
    var address: String
    var port: Int
    var host: String

    init(_ endpoint: Endpoint) {
      address = endpoint.address
      port = endpoint.port
      host = endpoint.host
    }
  }

  let id: Int
  package internal(set) var endpoint: Endpoint
  package internal(set) var health = EndpointHealth()
  /// Tries under way.
  package internal(set) var outstanding = 0
  /// What it is owed: grows by its weight with each choice, falls by all weights when chosen.
  var credit: Int64

  init(id: Int, _ endpoint: Endpoint, credit: Int64) {
    self.id = id
    self.endpoint = endpoint
    self.credit = credit
  }

  /// Weight 0 means very little, not nothing (RFC 2782).
  var weight: Int64 { Int64(max(endpoint.weight, 1)) }

  var isInUse: Bool { health.state == .inUse }
}
