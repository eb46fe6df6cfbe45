// Which instances are listed for a service type.

import DNSWire
import DNSZone

/// A service type (RFC 6763 section 7): the ports of one name that services have, and the live
/// instances with such a port, of which there may be more than one answer holds.
final class BrowsedType {
  /// `_P._tcp.Z`
  let name: DomainName
  let port: ServiceClaims.Port
  /// Those that have such a port: the type exists as long as there are any.
  private(set) var services: Set<ServiceName> = []
  /// In order of service.
  private(set) var shares: [Share] = []
  /// Services of which instances may find no room.
  private var waiting: [ServiceName: Service] = [:]
  private var count = 0

  /// What is listed of a service.
  struct Share {
    let service: Service
    let instances: [InstanceBlock]
  }

  init(_ port: ServiceClaims.Port, name: DomainName) {
    self.port = port
    self.name = name
  }

  private var room: Int { RegistryLimits.browsedInstances - count }

  func insert(_ service: ServiceName) { services.insert(service) }

  /// - Returns: whether any of its instances was listed.
  func remove(_ service: ServiceName) -> Bool {
    services.remove(service)
    waiting[service] = nil
    let (place, isThere) = place(of: service)
    if isThere { count -= shares.remove(at: place).instances.count }
    return isThere
  }

  func lists(_ instance: InstanceBlock, of service: ServiceName) -> Bool {
    let (place, isThere) = place(of: service)
    return isThere && shares[place].instances.contains(instance)
  }

  /// Lists what there is now of the service, and others where that makes room.
  ///
  /// - Parameter found: what could be listed of a service.
  /// - Returns: whether the list may be another than before.
  func update(_ service: Service, _ found: (Service) -> [InstanceBlock]) -> Bool {
    guard place(of: service.name).isThere || room > 0 else {
      // It is looked at when there is room.
      waiting[service.name] = service.isLeaving ? nil : service
      return false
    }
    list(service, found)
    while room > 0, let other = waiting.first?.value { list(other, found) }
    return true
  }

  private func list(_ service: Service, _ found: (Service) -> [InstanceBlock]) {
    waiting[service.name] = nil
    let (place, isThere) = place(of: service.name)
    if isThere { count -= shares.remove(at: place).instances.count }
    let all = found(service)
    let listed = Array(all.prefix(room))
    if listed.count < all.count { waiting[service.name] = service }
    guard !listed.isEmpty else { return }
    shares.insert(Share(service: service, instances: listed), at: place)
    count += listed.count
  }

  /// Where the service's share is, or would be.
  private func place(of service: ServiceName) -> (Int, isThere: Bool) {
    let key = service.key
    var low = 0
    var high = shares.count
    while low < high {
      let middle = (low + high) / 2
      let other = shares[middle].service.name.key
      if other == key { return (middle, true) }
      if other < key { low = middle + 1 } else { high = middle }
    }
    return (low, false)
  }
}
