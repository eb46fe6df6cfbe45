// Which names a message holds already, for compression (RFC 1035 section 4.1.4).

/// Offsets of the labels written so far: each starts a name that a pointer can lead to.
struct KnownNames {
  /// Labels remembered. Later ones are written but not pointed to: a bound on the work for a
  /// message. A question alone may have 127 labels.
  private static let capacity = 192
  /// The first offset that the fourteen bits of a pointer can't express.
  private static let offsetLimit = 0x4000

  /// Pointers that reading a name may follow. Some resolvers give up after ten: the one of Go's
  /// standard library does.
  private static let hopLimit: UInt8 = 10

  private var offsets = InlineArray<192, UInt16>(repeating: 0)
  /// Pointers to follow from each label on.
  private var hops = InlineArray<192, UInt8>(repeating: 0)
  var count = 0

  struct Match {
    /// Octets of the name to write out before the pointer, all of it when there is none.
    let literalLength: Int
    let offset: UInt16?
    /// Pointers to follow when the name is written so.
    let hops: UInt8
  }

  /// Notes the labels in `length` octets at `start`, of which the rest is `hops` pointers away. The
  /// root label is not worth a pointer, and one too far away is not pointed to.
  mutating func noteLabels(
    at start: Int, of length: Int, hops: UInt8, in message: UnsafeMutableRawPointer
  ) {
    guard hops < Self.hopLimit else { return }
    var position = start
    while position < start + length, count < Self.capacity, position < Self.offsetLimit {
      let labelLength = Int(message.load(fromByteOffset: position, as: UInt8.self))
      guard labelLength > 0 else { return }
      offsets[count] = UInt16(position)
      self.hops[count] = hops
      count += 1
      position += 1 + labelLength
    }
  }

  /// The longest suffix of `name` that the message holds.
  func longestMatch(of name: UnsafeRawBufferPointer, in message: UnsafeRawPointer) -> Match {
    var position = 0
    while name[position] != 0 {
      let suffix = UnsafeRawBufferPointer(rebasing: name[position...])
      for index in 0..<count where Self.holds(suffix, at: Int(offsets[index]), in: message) {
        return Match(literalLength: position, offset: offsets[index], hops: hops[index] + 1)
      }
      position += 1 + Int(name[position])
    }
    return Match(literalLength: name.count, offset: nil, hops: 0)
  }

  /// Whether the name at `offset`, pointers followed, is `name`. Our own pointers always lead
  /// backwards, so this ends.
  private static func holds(
    _ name: UnsafeRawBufferPointer, at offset: Int, in message: UnsafeRawPointer
  ) -> Bool {
    var offset = offset
    var position = 0
    while true {
      let octet = message.load(fromByteOffset: offset, as: UInt8.self)
      if octet >= 0xC0 {
        let low = message.load(fromByteOffset: offset + 1, as: UInt8.self)
        offset = Int(octet & 0x3F) << 8 | Int(low)
        continue
      }
      guard octet == name[position] else { return false }
      if octet == 0 { return true }
      for index in 1...Int(octet) {
        let held = message.load(fromByteOffset: offset + index, as: UInt8.self)
        guard held.asciiLowercased == name[position + index].asciiLowercased else { return false }
      }
      offset += 1 + Int(octet)
      position += 1 + Int(octet)
    }
  }
}
