// What was made of texts that were read before.

import Glibc

/// A table of a fixed size: a text takes the place of another one with the same hash, so it grows
/// neither with what is read nor by anybody's design.
///
/// Most instances of a service, and often of several, differ in their addresses only. What they
/// say besides is then read once, checked once and kept in memory once.
@usableFromInline package struct TextMemo<Value> {
  @usableFromInline struct Entry {
    @usableFromInline let text: [UInt8]
    @usableFromInline let value: Value

    @inlinable init(text: [UInt8], value: Value) {
      self.text = text
      self.value = value
    }
  }

  /// A power of two.
  @inlinable static var size: Int { 1_024 }

  @usableFromInline var entries: [Entry?] = []

  @inlinable package init() {}

  /// The value that was put for this text, if it is still there.
  @inlinable package subscript(text: UnsafeBufferPointer<UInt8>) -> Value? {
    get {
      guard !entries.isEmpty, let entry = entries[Self.place(of: text)],
        areEqual(entry.text, text)
      else { return nil }
      return entry.value
    }
    set {
      if entries.isEmpty { entries = Array(repeating: nil, count: Self.size) }
      entries[Self.place(of: text)] = newValue.map { Entry(text: Array(text), value: $0) }
    }
  }

  /// Which place a text has. Whoever makes texts that share one makes their own reading slower.
  @inlinable static func place(of text: UnsafeBufferPointer<UInt8>) -> Int {
    let octets = UnsafeRawBufferPointer(text)
    var hash = UInt64(octets.count)
    var offset = 0
    while offset + 8 <= octets.count {
      hash = mix(hash, octets.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      offset += 8
    }
    while offset < octets.count {
      hash = mix(hash, UInt64(octets[offset]))
      offset += 1
    }
    return Int(truncatingIfNeeded: hash) & (size - 1)
  }

  /// Multiplied by the golden ratio, as 64 bits of a fraction; its high bits depend on all others.
  @inlinable static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
    let product = (hash ^ word) &* 0x9E37_79B9_7F4A_7C15
    return product ^ (product >> 32)
  }
}

@usableFromInline func areEqual(_ text: [UInt8], _ other: UnsafeBufferPointer<UInt8>) -> Bool {
  guard text.count == other.count else { return false }
  guard let start = other.baseAddress else { return true }
  return text.withUnsafeBytes { memcmp($0.baseAddress!, start, other.count) == 0 || $0.isEmpty }
}

extension TextMemo: Sendable where Value: Sendable {}
extension TextMemo.Entry: Sendable where Value: Sendable {}
