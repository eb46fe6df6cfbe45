// An instance as the zone answers for it: its name, addresses, port and text in one block.
//
// The block is at the same time the node of the instance's own name, and what the RRsets of its
// service are made of (``InstanceRRset``): each octet is there once. Everything but lease end, TTL,
// turn counters and the writer's count of references is constant; what registers anew is a new
// block.
//
// An instance whose lease has ended is in no answer from that nanosecond on, whoever holds its
// block: readers compare the lease end with their batch's time. Taking the block away then is the
// writer's work and may take its time.

package import DNSWire
import Glibc
import Synchronization

/// A handle on an instance's memory. Copies are the same instance.
package struct InstanceBlock: Hashable {
  /// What comes after the node's header.
  struct Part: ~Copyable {
    let leaseEnd: Atomic<BootTime>
    let ttl: Atomic<UInt32>
    // As SRV RDATA begins, in network order.
    let priority: UInt16
    let weight: UInt16
    /// In host order; 0 for none.
    let port: UInt16
    let textLength: UInt16
    let v4Count: UInt8
    let v6Count: UInt8
    let traits: Traits
    /// The lease end is a later one than the instance was promised.
    let isHeld: Atomic<Bool>
  }

  struct Traits: OptionSet {
    let rawValue: UInt8
    /// The name has capitals, which the node's name has not: it stands a second time, at the end.
    static let hasCapitals = Traits(rawValue: 1)
    /// Nobody who asks is told the text.
    static let textIsHidden = Traits(rawValue: 2)
  }

  let base: UnsafeMutableRawPointer

  private var node: NodeBlock { NodeBlock(address: address) }
  var address: UInt { UInt(bitPattern: base) }
  var part: UnsafeMutablePointer<Part> {
    (base + NodeBlock.headerLength).assumingMemoryBound(to: Part.self)
  }

  // MARK: Layout

  // Addresses first, at a place that is known without looking; what few need comes last.

  static var v4Offset: Int { NodeBlock.headerLength + MemoryLayout<Part>.stride }
  var v4Count: Int { Int(part.pointee.v4Count) }
  var v6Count: Int { Int(part.pointee.v6Count) }
  var v6Offset: Int { Self.v4Offset + v4Count * 4 }
  var nameOffset: Int { v6Offset + v6Count * 16 }
  var nameLength: Int { Int(node.header.pointee.nameLength) }
  private var textOffset: Int { nameOffset + nameLength }
  private var targetOffset: Int {
    hasCapitals ? textOffset + Int(part.pointee.textLength) : nameOffset
  }

  private var hasCapitals: Bool { part.pointee.traits.contains(.hasCapitals) }

  /// Counters stand only where an instance has addresses to turn.
  private var hasTurns: Bool { v4Count > 1 || v6Count > 1 }
  private var turnsOffset: Int {
    let end =
      textOffset + Int(part.pointee.textLength) + (hasCapitals ? nameLength : 0)
    return (end + 7) & ~7
  }

  // MARK: Readers

  /// When the lease ends; `BootTime.never` without one.
  package var leaseEnd: BootTime {
    get { part.pointee.leaseEnd.load(ordering: .relaxed) }
    nonmutating set { part.pointee.leaseEnd.store(newValue, ordering: .relaxed) }
  }

  /// Seconds that answers with it alone may be kept at most.
  package var ttl: UInt32 {
    get { part.pointee.ttl.load(ordering: .relaxed) }
    nonmutating set { part.pointee.ttl.store(newValue, ordering: .relaxed) }
  }

  /// Whether it is answered longer than its lease runs.
  package var isHeld: Bool {
    get { part.pointee.isHeld.load(ordering: .relaxed) }
    nonmutating set { part.pointee.isHeld.store(newValue, ordering: .relaxed) }
  }

  /// What was given as RDATA of the TXT record.
  package var text: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base + textOffset, count: Int(part.pointee.textLength))
  }

  /// RDATA of the TXT record; one empty string where the text is hidden.
  var publishedText: UnsafeRawBufferPointer {
    guard part.pointee.traits.contains(.textIsHidden) else { return text }
    // An empty string is one zero octet, as the root label is, with which the name ends.
    return UnsafeRawBufferPointer(start: base + textOffset - 1, count: 1)
  }

  /// The name as it was given.
  var target: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base + targetOffset, count: nameLength)
  }

  /// The instance's own RRset of that type.
  func rrset(_ type: RecordType) -> InstanceRRset? {
    let (count, tag): (Int, UInt16) =
      switch type {
      case .a: (v4Count, 0)
      case .aaaa: (v6Count, 0)
      case .srv: (part.pointee.port == 0 ? 0 : 1, part.pointee.port)
      case .txt: (1, 0)
      default: (0, 0)
      }
    guard count > 0 else { return nil }
    return InstanceRRset(of: InstanceEntry(self, tag), type, count: count, turns: turns(type))
  }

  /// Of its addresses of that type; whatever, where it has none to turn.
  private func turns(_ type: RecordType) -> UnsafeMutablePointer<Atomic<UInt64>> {
    let offset = hasTurns ? turnsOffset + (type == .a ? 0 : 8) : 0
    return (base + offset).assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  /// Turns taken so far of A and of AAAA.
  var turnsTaken: SIMD2<UInt64> {
    guard hasTurns else { return .zero }
    return SIMD2(
      turns(.a).pointee.load(ordering: .relaxed), turns(.aaaa).pointee.load(ordering: .relaxed))
  }

  /// Lets so many more turns have been taken.
  func addTurns(_ taken: SIMD2<UInt64>) {
    guard hasTurns else { return }
    turns(.a).pointee.wrappingAdd(taken[0], ordering: .relaxed)
    turns(.aaaa).pointee.wrappingAdd(taken[1], ordering: .relaxed)
  }

  var anyRRset: InstanceRRset? { rrset(.a) ?? rrset(.txt) }

  // MARK: What it was made from

  /// IPv4 before IPv6.
  package var addresses: [IPAddress] {
    (0..<v4Count).map { IPAddress(from: base + Self.v4Offset + $0 * 4, isV4: true) }
      + (0..<v6Count).map { IPAddress(from: base + v6Offset + $0 * 16, isV4: false) }
  }
  package var port: UInt16? { part.pointee.port == 0 ? nil : part.pointee.port }
  package var priority: UInt16 { UInt16(bigEndian: part.pointee.priority) }
  package var weight: UInt16 { UInt16(bigEndian: part.pointee.weight) }

  /// The name as it was given, in wire form.
  package var name: UnsafeRawBufferPointer { target }
  /// The first label of the name, in lower case.
  package var label: UnsafeRawBufferPointer { firstLabel(at: nameOffset) }
  /// The same as it was given.
  package var givenLabel: UnsafeRawBufferPointer { firstLabel(at: targetOffset) }

  private func firstLabel(at offset: Int) -> UnsafeRawBufferPointer {
    let length = Int(base.load(fromByteOffset: offset, as: UInt8.self))
    return UnsafeRawBufferPointer(start: base + offset + 1, count: length)
  }

  // MARK: The writer's part

  /// What an instance's block is made from.
  package struct Content {
    /// The instance's name in wire form, its capitals kept.
    package var name: [UInt8]
    package var addresses: [IPAddress]
    /// Nil for none.
    package var port: UInt16?
    package var priority: UInt16
    package var weight: UInt16
    /// RDATA of the TXT record; at most 65,535 octets.
    package var text: [UInt8]
    /// Whether nobody who asks is told the text.
    package var isTextHidden: Bool
    /// Seconds at most.
    package var ttl: UInt32

    package init(
      name: [UInt8], addresses: [IPAddress], port: UInt16?, priority: UInt16 = 0,
      weight: UInt16 = 1, text: [UInt8] = [0], isTextHidden: Bool = false, ttl: UInt32
    ) {
      self.name = name
      self.addresses = addresses
      self.port = port
      self.priority = priority
      self.weight = weight
      self.text = text
      self.isTextHidden = isTextHidden
      self.ttl = ttl
    }
  }

  /// - Parameter name: `content.name` in lower case.
  static func allocate(_ content: Content, name: NameView, hash: UInt64) -> InstanceBlock {
    let v4Count = content.addresses.count(where: \.isV4)
    let v6Count = content.addresses.count - v4Count
    let hasCapitals = content.name.contains { $0 != $0.asciiLowercased }
    var traits: Traits = hasCapitals ? .hasCapitals : []
    if content.isTextHidden { traits.insert(.textIsHidden) }
    let length =
      v4Offset + v4Count * 4 + v6Count * 16 + name.length * (hasCapitals ? 2 : 1)
      + content.text.count
    let size = v4Count > 1 || v6Count > 1 ? (length + 7) & ~7 + 16 : length
    let block = InstanceBlock(base: .allocate(byteCount: size, alignment: 16))
    block.node.header.initialize(
      to: NodeBlock.Header(
        hash: hash, references: 0, nameLength: UInt8(name.length), flags: .instance, rrsetCount: 0))
    block.part.initialize(
      to: Part(
        leaseEnd: Atomic(.never), ttl: Atomic(content.ttl), priority: content.priority.bigEndian,
        weight: content.weight.bigEndian, port: content.port ?? 0,
        textLength: UInt16(content.text.count), v4Count: UInt8(v4Count), v6Count: UInt8(v6Count),
        traits: traits, isHeld: Atomic(false)))
    block.fill(content, name)
    return block
  }

  private func fill(_ content: Content, _ name: NameView) {
    var v4 = base + Self.v4Offset
    var v6 = base + v6Offset
    for address in content.addresses {
      if address.isV4 {
        address.store(to: v4)
        v4 += 4
      } else {
        address.store(to: v6)
        v6 += 16
      }
    }
    (base + nameOffset).copyMemory(from: name.octets, byteCount: name.length)
    func copy(_ octets: [UInt8], to offset: Int) {
      octets.withUnsafeBytes {
        (base + offset).copyMemory(from: $0.baseAddress!, byteCount: $0.count)
      }
    }
    if !content.text.isEmpty { copy(content.text, to: textOffset) }
    if hasCapitals { copy(content.name, to: targetOffset) }
    if hasTurns { memset(base + turnsOffset, 0, 16) }
  }
}

extension BootTime {
  /// The end of a lease that has none.
  package static let never = BootTime.max
}
