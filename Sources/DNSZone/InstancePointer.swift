// PTR records that lead to instances, and RDATA as it is written with its names in full.

import DNSWire

extension InstanceEntry {
  /// Of PTR: the record stands at a service type's name and leads to the instance's name below it
  /// (RFC 6763 section 4.1). Without it the record leads to the instance's own name.
  static let serviceInstance: UInt16 = 1

  /// Labels of a service type's name before those of the zone.
  private static var typeLabels: Int { 2 }

  /// The instance's name below `type`, for a PTR record that leads to it.
  func serviceInstanceName(at type: UnsafeRawBufferPointer) -> [UInt8]? {
    guard port == Self.serviceInstance else { return nil }
    var apexStart = 0
    for _ in 0..<Self.typeLabels { apexStart += 1 + Int(type[apexStart]) }
    let label = ServiceInstanceLabel.octets(
      instance.target.dropLast(type.count - apexStart))
    return [UInt8(label.count)] + label + type
  }

  /// RDATA of the record at `owner`, put together in `memory`.
  func rdata(
    _ type: RecordType, at owner: UnsafeRawBufferPointer, in memory: UnsafeMutableRawBufferPointer
  ) -> UnsafeRawBufferPointer {
    let length: Int
    if type == .ptr {
      let name = serviceInstanceName(at: owner) ?? Array(instance.target)
      memory.copyBytes(from: name)
      length = name.count
    } else {
      writeRDATA(type, to: memory.baseAddress!)
      length = rdataLength(type)
    }
    return UnsafeRawBufferPointer(rebasing: memory[..<length])
  }
}
