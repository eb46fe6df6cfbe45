// Writes a reply record by record, names compressed, never past the limit.

/// Writes one reply into memory that the caller owns.
///
/// Every record is written whole or not at all. Names are compressed against all names written
/// before (RFC 1035 section 4.1.4), in owners and in the RDATA of the types that allow it.
/// Used by one thread, within the life of the memory.
package struct MessageWriter: ~Copyable {
  private let base: UnsafeMutableRawPointer
  /// Octets that the message may have.
  package var limit: Int
  /// Octets written.
  package private(set) var length: Int
  private var known: KnownNames

  /// Starts after the header and the question, which `memory` holds already.
  package init(
    memory: UnsafeMutableRawBufferPointer, limit: Int, questionNameLength: Int
  ) {
    base = memory.baseAddress!
    self.limit = min(limit, memory.count)
    length = Header.length + questionNameLength + 4
    known = KnownNames()
    known.noteLabels(at: Header.length, of: questionNameLength, hops: 0, in: base)
  }

  /// A point to return to when a set of records must be whole.
  package struct Mark {
    fileprivate let length: Int
    fileprivate let knownCount: Int
  }

  package var mark: Mark { Mark(length: length, knownCount: known.count) }

  package mutating func rewind(to mark: Mark) {
    length = mark.length
    known.count = mark.knownCount
  }

  /// Appends a record of class IN, or returns false and leaves the message as it was.
  package mutating func append(
    owner: UnsafeRawBufferPointer, type: RecordType, recordClass: RecordClass = .in, ttl: UInt32,
    rdata: UnsafeRawBufferPointer
  ) -> Bool {
    let start = mark
    guard appendName(owner, compressed: true), length + 10 <= limit else {
      rewind(to: start)
      return false
    }
    base.storeBigEndian(type.rawValue, at: length)
    base.storeBigEndian(recordClass.rawValue, at: length + 2)
    base.storeBigEndian(ttl, at: length + 4)
    let lengthOffset = length + 8
    length += 10
    guard appendRDATA(rdata, of: type) else {
      rewind(to: start)
      return false
    }
    base.storeBigEndian(UInt16(length - lengthOffset - 2), at: lengthOffset)
    return true
  }

  /// Appends octets as they are, or returns false.
  package mutating func append(_ octets: UnsafeRawBufferPointer) -> Bool {
    guard length + octets.count <= limit else { return false }
    if let source = octets.baseAddress {
      (base + length).copyMemory(from: source, byteCount: octets.count)
    }
    length += octets.count
    return true
  }

  private mutating func appendRDATA(_ rdata: UnsafeRawBufferPointer, of type: RecordType) -> Bool {
    guard let names = NamesInRDATA(type) else { return append(rdata) }
    guard append(UnsafeRawBufferPointer(rebasing: rdata[..<names.prefixLength])) else {
      return false
    }
    var position = names.prefixLength
    for _ in 0..<names.count {
      let end = rdata.endOfName(from: position)
      let name = UnsafeRawBufferPointer(rebasing: rdata[position..<end])
      guard appendName(name, compressed: names.areCompressible) else { return false }
      position = end
    }
    return append(UnsafeRawBufferPointer(rebasing: rdata[position...]))
  }

  private mutating func appendName(_ name: UnsafeRawBufferPointer, compressed: Bool) -> Bool {
    let match =
      compressed
      ? known.longestMatch(of: name, in: UnsafeRawPointer(base))
      : KnownNames.Match(literalLength: name.count, offset: nil, hops: 0)
    let needed = match.literalLength + (match.offset == nil ? 0 : 2)
    guard length + needed <= limit else { return false }
    (base + length).copyMemory(from: name.baseAddress!, byteCount: match.literalLength)
    known.noteLabels(at: length, of: match.literalLength, hops: match.hops, in: base)
    length += match.literalLength
    if let offset = match.offset {
      base.storeBigEndian(0xC000 | offset, at: length)
      length += 2
    }
    return true
  }
}

extension UnsafeRawBufferPointer {
  /// The offset after the uncompressed name that starts at `position`.
  package func endOfName(from position: Int) -> Int {
    var position = position
    while self[position] != 0 { position += 1 + Int(self[position]) }
    return position + 1
  }
}
