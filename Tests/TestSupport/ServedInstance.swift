// Instances as tests let a zone answer from them, without a registry.

import DNSWire
package import DNSZone

/// What is said of one instance.
package struct ServedInstance {
  /// With a name below the zone's apex.
  package var name: String
  package var addresses: [String]
  /// In SRV records; nil leaves the instance out of them.
  package var port: UInt16?
  package var priority: UInt16 = 0
  package var weight: UInt16 = 1
  package var text = "x"
  package var leaseEnd = BootTime.never

  package init(
    _ name: String, _ addresses: [String], port: UInt16? = 8080, priority: UInt16 = 0,
    weight: UInt16 = 1, leaseEnd: BootTime = .never
  ) {
    self.name = name
    self.addresses = addresses
    self.port = port
    self.priority = priority
    self.weight = weight
    self.leaseEnd = leaseEnd
  }
}

extension Zone {
  /// Makes `instances` the ones that A, AAAA and SRV at `owner` are made of, and each one's own
  /// name answered from it, in the order in which the registry does it.
  ///
  /// - Parameter before: what the last such call for `owner` returned, which is freed.
  /// - Returns: the instances' memory, whose lease ends may be set.
  @discardableResult
  package func publish(
    _ instances: [ServedInstance], at owner: String, ttl: UInt32 = 5, maxAnswers: Int? = nil,
    insteadOf before: [InstanceBlock] = []
  ) -> [InstanceBlock] {
    let blocks = instances.map { instance in
      let block = makeInstance(
        InstanceBlock.Content(
          name: ZoneUnderTest.name(instance.name).wire,
          addresses: instance.addresses.compactMap { IPAddress($0) }, port: instance.port,
          priority: instance.priority, weight: instance.weight,
          text: [UInt8(instance.text.utf8.count)] + instance.text.utf8, ttl: ttl))
      block.leaseEnd = instance.leaseEnd
      publish(block)
      return block
    }
    var rrsets = OwnerRRsets()
    for type in [RecordType.a, .aaaa] {
      rrsets.add(type, ttl: ttl, maxAnswers: maxAnswers) { records in
        for block in blocks { records.addAddresses(type, of: block) }
      }
    }
    rrsets.add(.srv, ttl: ttl, maxAnswers: maxAnswers) { records in
      for (instance, block) in zip(instances, blocks) {
        if let port = instance.port { records.add(block, port: port) }
      }
    }
    replaceAll(at: ZoneUnderTest.name(owner).wire, with: &rrsets)
    for block in before {
      withdraw(block)
      free(block)
    }
    return blocks
  }

  /// Makes SRV records with `port`, one for each of `blocks`, the only
  /// records at `owner`; none takes away what is there.
  package func publishPort(
    _ port: UInt16, of blocks: [InstanceBlock], at owner: String, ttl: UInt32 = 5
  ) {
    var rrsets = OwnerRRsets()
    rrsets.add(.srv, ttl: ttl) { records in
      for block in blocks { records.add(block, port: port) }
    }
    replaceAll(at: ZoneUnderTest.name(owner).wire, with: &rrsets)
  }
}
