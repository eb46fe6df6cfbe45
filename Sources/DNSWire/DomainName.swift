// A domain name in uncompressed wire form.

/// A domain name: one to 128 labels in uncompressed wire form, the empty root label last.
///
/// The case of letters is kept as given; equality and hashing ignore it (RFC 4343 section 3).
/// At most ``lengthLimit`` octets in all and ``labelLengthLimit`` in a label (RFC 1035 section
/// 2.3.4). Any octet may stand in a label (RFC 2181 section 11).
@usableFromInline package struct DomainName: Sendable {
  /// Octets of a whole name, length octets and the root label included (RFC 1035 section 2.3.4).
  @inlinable package static var lengthLimit: Int { 255 }
  /// Octets of one label (RFC 1035 section 2.3.4).
  @inlinable package static var labelLengthLimit: Int { 63 }

  package static let root = DomainName(uncheckedWire: [0])

  /// The length-prefixed labels, ending with the zero octet of the root.
  package let wire: [UInt8]

  /// For octets that are known to be one whole valid name.
  package init(uncheckedWire wire: [UInt8]) {
    self.wire = wire
  }

  /// - Throws: when `wire` is not exactly one uncompressed name within the limits.
  package init(wire: [UInt8]) throws(DomainNameError) {
    var position = 0
    while true {
      guard position < wire.count else { throw .unterminated }
      let length = Int(wire[position])
      guard length <= Self.labelLengthLimit else { throw .labelTooLong }
      position += 1 + length
      guard length > 0 else { break }
    }
    guard position == wire.count else { throw .unterminated }
    guard position <= Self.lengthLimit else { throw .nameTooLong }
    self.wire = wire
  }

  /// The name that has `labels` from left to right and the root after them.
  package init(labels: some Sequence<[UInt8]>) throws(DomainNameError) {
    var wire: [UInt8] = []
    for label in labels {
      guard !label.isEmpty else { throw .emptyLabel }
      guard label.count <= Self.labelLengthLimit else { throw .labelTooLong }
      wire.append(UInt8(label.count))
      wire += label
    }
    wire.append(0)
    guard wire.count <= Self.lengthLimit else { throw .nameTooLong }
    self.wire = wire
  }

  /// The labels from left to right without the root.
  package var labels: [ArraySlice<UInt8>] {
    var labels: [ArraySlice<UInt8>] = []
    var position = 0
    while wire[position] != 0 {
      let end = position + 1 + Int(wire[position])
      labels.append(wire[position + 1..<end])
      position = end
    }
    return labels
  }

  package var isRoot: Bool { wire.count == 1 }

  /// The name without its leftmost label; the root has none.
  package var parent: DomainName? {
    isRoot ? nil : DomainName(uncheckedWire: Array(wire[(1 + Int(wire[0]))...]))
  }

  /// The name with ASCII letters in lower case: the form in which names are compared.
  package var lowercased: DomainName {
    DomainName(uncheckedWire: wire.map(\.asciiLowercased))
  }

  /// Whether this name is `ancestor` or below it.
  package func isEqualOrBelow(_ ancestor: DomainName) -> Bool {
    var start = 0
    while wire.count - start > ancestor.wire.count { start += 1 + Int(wire[start]) }
    return wire[start...].elementsEqual(ancestor.wire) {
      $0.asciiLowercased == $1.asciiLowercased
    }
  }
}

package enum DomainNameError: Error, Equatable {
  case emptyLabel
  case labelTooLong
  case nameTooLong
  case unterminated
  case badEscape
}

extension DomainNameError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .emptyLabel: "the name has an empty label"
    case .labelTooLong: "a label is longer than \(DomainName.labelLengthLimit) octets"
    case .nameTooLong: "the name is longer than \(DomainName.lengthLimit) octets"
    case .unterminated: "the name does not end with the root label"
    case .badEscape: "a backslash is followed by neither a character nor three digits up to 255"
    }
  }
}

extension DomainName: Hashable {
  @usableFromInline package static func == (left: DomainName, right: DomainName) -> Bool {
    left.wire.count == right.wire.count
      && left.wire.elementsEqual(right.wire) { $0.asciiLowercased == $1.asciiLowercased }
  }

  @usableFromInline package func hash(into hasher: inout Hasher) {
    for octet in wire { hasher.combine(octet.asciiLowercased) }
  }
}

extension UInt8 {
  /// ASCII capitals in lower case, all else as it is. Length octets are below 64 and stay.
  @inlinable package var asciiLowercased: UInt8 {
    self &- 0x41 < 26 ? self | 0x20 : self
  }
}

extension UInt64 {
  /// ``Swift/UInt8/asciiLowercased`` of each of its octets.
  @inlinable package var asciiLowercased: UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    // The highest bit of each octet says whether its lower bits reach the first number, and whether
    // they exceed the last; it is clear in all sums before, so that nothing is carried over.
    let lower = self & (ones &* 0x7F)
    let reachesA = lower &+ ones &* (0x80 - 0x41)
    let exceedsZ = lower &+ ones &* (0x80 - 0x5B)
    let capitals = reachesA & ~exceedsZ & ~self & (ones &* 0x80)
    return self | capitals >> 2
  }
}
