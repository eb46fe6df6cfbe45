// Query messages, well formed or broken on purpose.

package import DNSWire

/// Builds the octets of a query.
package struct QueryMessage: Sendable {
  package struct OptRecord: Sendable {
    package var owner: [UInt8] = [0]
    package var udpPayloadSize: UInt16 = 1232
    package var version: UInt8 = 0
    package var flags: UInt16 = 0
    package var options: [UInt8] = []
    /// Written in the place of the true length.
    package var claimedLength: UInt16?

    package init(
      udpPayloadSize: UInt16 = 1232, version: UInt8 = 0, flags: UInt16 = 0, options: [UInt8] = []
    ) {
      self.udpPayloadSize = udpPayloadSize
      self.version = version
      self.flags = flags
      self.options = options
    }

    package var octets: [UInt8] {
      owner + big(RecordType.opt.rawValue) + big(udpPayloadSize) + [0, version] + big(flags)
        + big(claimedLength ?? UInt16(options.count)) + options
    }
  }

  package var id: UInt16 = 0x1234
  package var flags: UInt16 = 0
  /// The question's name in wire form.
  package var name: [UInt8]
  package var type: RecordType
  package var recordClass = RecordClass.in
  package var opt: [OptRecord] = []
  /// Question, answer, authority and additional count, where they are not to be the true ones.
  package var counts: [UInt16]?
  /// Octets after the question and before the OPT record.
  package var middle: [UInt8] = []
  package var trailing: [UInt8] = []

  package init(_ name: DomainName, _ type: RecordType) {
    self.name = name.wire
    self.type = type
  }

  package init(_ name: String, _ type: RecordType) {
    guard let name = try? DomainName(name) else { preconditionFailure("no name: \(name)") }
    self.init(name, type)
  }

  /// The query changed by `change`.
  package func with(_ change: (inout QueryMessage) -> Void) -> QueryMessage {
    var copy = self
    change(&copy)
    return copy
  }

  package var question: [UInt8] { name + big(type.rawValue) + big(recordClass.rawValue) }

  package var octets: [UInt8] {
    let counts = counts ?? [1, 0, 0, UInt16(opt.count)]
    return big(id) + big(flags) + counts.flatMap(big) + question + middle
      + opt.flatMap(\.octets) + trailing
  }
}

private func big(_ value: UInt16) -> [UInt8] {
  [UInt8(value >> 8), UInt8(value & 0xFF)]
}
