// An instance as the registry holds it in memory.

import DNSZone
import Glibc

/// An instance with its lease; the registry's own.
///
/// What DNS answers with is kept in the zone's block alone, and read back from there where it is
/// needed: with a million instances, having it twice would take more memory than all records.
final class Member {
  /// Which a member leaves, with the calendar and all else that has it, before the service goes.
  unowned let service: Service
  /// What the zone answers from. Its memory is the zone's to free, after the member is removed or
  /// has another one.
  private(set) var block: InstanceBlock
  private var kept: Kept
  var renewedAt: WallTime
  /// When the lease will be looked at; `BootTime.never` when it will not.
  var lookAt = BootTime.never
  /// Its place among those that are looked at then.
  var lookPlace: Int32 = 0
  /// Its lease has ended, which takes it out of all answers; its removal waits to be committed.
  var isExpired = false
  /// No set has it any more; until when it stays, the service knows.
  var isDraining = false
  var verdict = ExpiryVerdict.none

  /// What is stored of an instance and no part of its block.
  private struct Kept {
    let ports: [NamedPort]
    let tags: [Label]
    /// Of the last change.
    let revision: UInt64
    let registeredAt: WallTime
    /// Nil without a lease.
    let leaseSeconds: Int32?
    let transport: TransportProtocol
    let status: InstanceStatus

    /// - Parameter other: whose memory is taken for what is equal: most instances of a service
    ///   differ in their addresses only.
    init(_ instance: Instance, sharing other: Member?) {
      let registration = instance.registration
      var (ports, tags) = (registration.ports, registration.tags)
      if let other {
        if ports.elementsEqual(other.ports, by: { $0.isSame(as: $1) }) { ports = other.ports }
        if tags.elementsEqual(other.tags, by: { $0.text == $1.text }) { tags = other.tags }
      }
      self.ports = ports
      self.tags = tags
      revision = instance.revision
      registeredAt = instance.registeredAt
      leaseSeconds = registration.leaseSeconds.map(Int32.init)
      transport = registration.transport
      status = registration.status
    }
  }

  /// - Parameter block: made of `instance`.
  init(_ instance: Instance, _ block: InstanceBlock, of service: Service, at now: WallTime) {
    self.service = service
    self.block = block
    kept = Kept(instance, sharing: service.members.last)
    renewedAt = now
  }

  /// What is stored has changed; the lease begins anew, once it is told to.
  /// - Returns: the block before.
  func replace(
    with instance: Instance, _ block: InstanceBlock, at now: WallTime
  ) -> InstanceBlock {
    let before = self.block
    self.block = block
    kept = Kept(instance, sharing: self)
    renewedAt = now
    isExpired = false
    return before
  }

  var ports: [NamedPort] { kept.ports }
  /// The number of its port of that name.
  func port(_ port: ServiceClaims.Port) -> UInt16? {
    ports.first { $0.name == port.name && $0.transport == port.transport }?.port
  }

  var tags: [Label] { kept.tags }
  var revision: UInt64 { kept.revision }
  var transport: TransportProtocol { kept.transport }
  var status: InstanceStatus { kept.status }

  var id: Label { Label(unchecked: String(decoding: block.givenLabel, as: UTF8.self)) }

  var key: InstanceKey { InstanceKey(service: service.name, id: id) }

  /// What is stored of it.
  var instance: Instance {
    Instance(
      key: key,
      registration: Registration(
        unchecked: block.addresses, port: block.port, ports: ports, transport: transport,
        weight: block.weight, priority: block.priority, tags: tags,
        metadata: Metadata(text: block.text), status: status,
        leaseSeconds: kept.leaseSeconds.map(Int.init)),
      revision: revision, registeredAt: kept.registeredAt, safeAt: drain?.safeAt)
  }

  var drain: Drain? { isDraining ? service.drain(of: id) : nil }

  /// The order of the id and `key`, an id in lower case: negative, zero or positive.
  func compare(with key: UnsafeBufferPointer<UInt8>) -> Int {
    let label = block.label
    let order = memcmp(label.baseAddress!, key.baseAddress!, min(label.count, key.count))
    return order == 0 ? label.count - key.count : Int(order)
  }

  // MARK: Lease

  /// `BootTime.never` for an instance without a lease, or before leases run.
  var leaseEnd: BootTime { block.leaseEnd }

  /// Begins the lease anew. The end of a drain comes first all the same.
  func restartLease(at now: BootTime, wall: WallTime) {
    renewedAt = wall
    let lease = kept.leaseSeconds.map { now + BootTime($0) * 1_000_000_000 } ?? .never
    block.leaseEnd = min(lease, drain?.end ?? .never)
  }
}
