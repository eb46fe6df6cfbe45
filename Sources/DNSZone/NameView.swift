// A name as the tables look it up: lower case, in memory that somebody else keeps.

import DNSWire

/// A borrowed name in lower-case uncompressed wire form.
///
/// At least eight octets after the name are readable and zero, so that hashing can load words.
struct NameView {
  let octets: UnsafePointer<UInt8>
  let length: Int

  /// The hash by which tables place a name; `seed` is the process's own, so that nobody can
  /// choose names that collide.
  func hash(seed: UInt64) -> UInt64 {
    var hash = seed ^ UInt64(truncatingIfNeeded: length)
    let words = UnsafeRawPointer(octets)
    var position = 0
    while position < length {
      let word = words.loadUnaligned(fromByteOffset: position, as: UInt64.self)
      let product = (hash ^ word).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
      hash = product.high ^ product.low
      position += 8
    }
    let product = hash.multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
    return product.high ^ product.low
  }

  /// The name without its first label. Must not be the root.
  var parent: NameView {
    let skipped = 1 + Int(octets[0])
    return NameView(octets: octets + skipped, length: length - skipped)
  }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: octets, count: length) }
}

/// Memory for one name and the places of its labels, used again for each query.
///
/// A handle, so that passing it about counts no references; whoever allocates it deallocates it.
struct NameScratch {
  private struct Lengths {
    var length = 1
    var labelCount = 0
  }

  private static let capacity = DomainName.lengthLimit + 9
  private let octets: UnsafeMutablePointer<UInt8>
  private let labelOffsets: UnsafeMutablePointer<UInt8>
  private let lengths: UnsafeMutablePointer<Lengths>

  static func allocate() -> NameScratch { NameScratch() }

  private init() {
    octets = .allocate(capacity: Self.capacity)
    octets.initialize(repeating: 0, count: Self.capacity)
    labelOffsets = .allocate(capacity: DomainName.lengthLimit / 2 + 1)
    labelOffsets.initialize(repeating: 0, count: DomainName.lengthLimit / 2 + 1)
    lengths = .allocate(capacity: 1)
    lengths.initialize(to: Lengths())
  }

  func deallocate() {
    octets.deallocate()
    labelOffsets.deallocate()
    lengths.deallocate()
  }

  var length: Int { lengths.pointee.length }

  /// Labels of the name, the root not counted.
  var labelCount: Int { lengths.pointee.labelCount }

  /// Takes over a valid uncompressed name, folding capitals. Octets after the name are ignored.
  func set(_ wire: UnsafePointer<UInt8>) {
    var position = 0
    var labelCount = 0
    while wire[position] != 0 {
      labelOffsets[labelCount] = UInt8(truncatingIfNeeded: position)
      labelCount += 1
      position += 1 + Int(wire[position])
    }
    labelOffsets[labelCount] = UInt8(truncatingIfNeeded: position)
    let length = position + 1
    fold(wire, length)
    lengths.pointee = Lengths(length: length, labelCount: labelCount)
    UnsafeMutableRawPointer(octets + length).storeBytes(of: 0, as: UInt64.self)
  }

  /// Eight octets at a time: lengths are no letters (RFC 1035 section 2.3.4), so they stay.
  private func fold(_ wire: UnsafePointer<UInt8>, _ length: Int) {
    func foldWord(at position: Int) {
      let word = UnsafeRawPointer(wire + position).loadUnaligned(as: UInt64.self)
      UnsafeMutableRawPointer(octets + position)
        .storeBytes(of: word.asciiLowercased, as: UInt64.self)
    }
    guard length >= 8 else {
      for position in 0..<length { octets[position] = wire[position].asciiLowercased }
      return
    }
    // The last word may fold some octets again; beyond the name there may be no memory to read.
    for position in stride(from: 0, to: length - 8, by: 8) { foldWord(at: position) }
    foldWord(at: length - 8)
  }

  func set(_ name: DomainName) {
    name.wire.withUnsafeBufferPointer { set($0.baseAddress!) }
  }

  /// Becomes the wildcard of `suffix` (RFC 4592 section 2.1.1), whose memory is not this one's and
  /// which leaves room for two octets.
  func setWildcard(below suffix: NameView) {
    octets[0] = 1
    octets[1] = UInt8(ascii: "*")
    (octets + 2).update(from: suffix.octets, count: suffix.length)
    set(UnsafePointer(octets))
  }

  var view: NameView { NameView(octets: octets, length: length) }

  /// Whether the name is the zone's apex or below it.
  func isWithin(_ zone: ZoneBlock) -> Bool {
    labelCount >= zone.apexLabels && zone.isNamed(suffix(labels: zone.apexLabels))
  }

  /// The name's last `labels` labels; all of it when it has no more.
  func suffix(labels: Int) -> NameView {
    let start = Int(labelOffsets[max(0, labelCount - labels)])
    return NameView(octets: octets + start, length: length - start)
  }
}
