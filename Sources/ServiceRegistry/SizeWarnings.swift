// What a registrant should know of answers that become large.

import DNSWire
import DNSZone

extension Registry {
  /// Says for which clients the answers that the registered instance is in are too large. Only who
  /// registers one is told: of many at once each would be told the same.
  func addSizeWarnings(to outcome: Outcome, of command: Command) -> Outcome {
    guard command.isRegistration, case .stored(let view, let change, let warnings) = outcome,
      change != .none
    else { return outcome }
    return .stored(
      view, change,
      warnings: warnings + sizeWarnings(for: view.instance)
        + browsingWarnings(for: view.instance.key))
  }

  private func sizeWarnings(for instance: Instance) -> [String] {
    let service = instance.key.service
    let ports = instance.registration.ports.map(\.claim)
    let names = zone.serviceRecords.sharedNames(of: service, ServiceClaims(ports: Set(ports)))
      .filter { !$0.isTaken { state.child($0, of: service) } }
    return names.flatMap { name in
      let sizes = zone.zone.answerSizes(at: name.owner)
      let owner = DomainName(uncheckedWire: name.owner)
      return sizes.compactMap { $0.warning(for: owner) } + addressWarning(sizes, for: owner)
    }
  }

  private func addressWarning(_ sizes: [AnswerSize], for owner: DomainName) -> [String] {
    let count = sizes.filter { $0.type != .srv }.reduce(0) { $0 + $1.records }
    let limit = RegistryLimits.muslAddresses
    guard count > limit else { return [] }
    return ["\(owner) has \(count) addresses, of which musl's resolver takes \(limit)"]
  }
}

extension AnswerSize {
  fileprivate func warning(for owner: DomainName) -> String? {
    let whole = "the answer with the \(records) \(type) records of \(owner)"
    let edns = RegistryLimits.ednsAnswerLength
    if octets + RegistryLimits.optRecordLength > edns {
      return "\(whole) takes more than \(edns) octets: clients ask again over TCP"
    }
    let plain = RegistryLimits.plainAnswerLength
    guard octets > plain else { return nil }
    return "\(whole) takes more than \(plain) octets: clients without EDNS ask again over TCP"
  }
}

extension Command {
  fileprivate var isRegistration: Bool {
    switch self {
    case .register: true
    case .on(_, let command): command.isRegistration
    case .deregister, .changeStatus, .drain, .configure, .remove, .expire, .forget: false
    }
  }
}
