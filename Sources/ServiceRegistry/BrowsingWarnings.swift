// What a registrant should know of being browsed for.

import DNSWire
import DNSZone

extension Registry {
  /// Says by which of its ports the registered instance can't be found by browsing, and why.
  func browsingWarnings(for key: InstanceKey) -> [String] {
    guard let service = state.services[key.service], let member = service.member(key.id) else {
      return []
    }
    return member.ports.compactMap { port in
      let type = zone.names.serviceType(port.claim)
      guard let reason = zone.absenceFromList(of: type, port.claim, member) else { return nil }
      return "browsing \(type) does not find this instance: \(reason)"
    }
  }
}

extension ServiceZone {
  fileprivate func absenceFromList(
    of name: DomainName, _ port: ServiceClaims.Port, _ member: Member
  ) -> String? {
    guard let own = names.serviceInstance(member.block.name, of: name) else {
      return "its name would be longer than \(DomainName.lengthLimit) octets"
    }
    if let owner = staticOwner(claiming: name) ?? staticOwner(claiming: own) {
      return "the zone file's records at \(owner) leave no room"
    }
    guard isHeld(own, by: member.block) else {
      return "another instance's name is cut to the same label"
    }
    guard let type = browsedTypes[port] else {
      return "there are \(RegistryLimits.browsedTypes) service types already"
    }
    guard member.isLive, !type.lists(member.block, of: member.service.name) else { return nil }
    return "the list holds \(RegistryLimits.browsedInstances) instances already"
  }
}
