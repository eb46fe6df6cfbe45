// What an instance wants told about itself.

/// Keys and values, in order of key, as the strings of a TXT record (RFC 6763 section 6): with a
/// million instances, a dictionary each would take more memory than all their records.
package struct Metadata: Equatable, Sendable {
  /// Strings of the form `key=value`, each with its length before it; none for no entries.
  private let strings: [UInt8]

  package static let empty = Metadata(strings: [])

  private init(strings: [UInt8]) {
    self.strings = strings
  }

  /// - Parameter text: RDATA as ``appendRDATA(to:)`` makes it.
  init(text: UnsafeRawBufferPointer) {
    strings = text.first == 0 ? [] : Array(text)
  }

  /// - Parameter entries: each key once.
  package init(_ entries: [(key: String, value: String)]) throws(RegistryError) {
    guard entries.count <= RegistryLimits.metadataEntries else {
      throw .tooMany("metadata", entries.count, limit: RegistryLimits.metadataEntries)
    }
    var strings: [UInt8] = []
    for (key, value) in entries.count > 1 ? entries.sorted(by: { $0.key < $1.key }) : entries {
      try Self.check(key, value)
      strings.append(UInt8(key.utf8.count + 1 + value.utf8.count))
      strings.append(contentsOf: key.utf8)
      strings.append(UInt8(ascii: "="))
      strings.append(contentsOf: value.utf8)
    }
    self.strings = strings
  }

  private static func check(_ key: String, _ value: String) throws(RegistryError) {
    let isPrintable = key.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != 0x3D }
    guard !key.isEmpty, isPrintable else {
      throw .badField(
        "metadata", "key '\(key)' must be printable ASCII without '=' (RFC 6763 section 6.4)")
    }
    let length = key.utf8.count + 1 + value.utf8.count
    guard length <= RegistryLimits.metadataEntryLength else {
      throw .badField(
        "metadata",
        "'\(key)' with its value is \(length) octets long; at most "
          + "\(RegistryLimits.metadataEntryLength) are allowed")
    }
  }

  package var isEmpty: Bool { strings.isEmpty }

  package var entries: [(key: String, value: String)] {
    var entries: [(key: String, value: String)] = []
    var rest = strings[...]
    while let length = rest.popFirst() {
      // Keys have no equals sign, values may.
      let parts = rest.prefix(Int(length)).split(
        separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      entries.append(
        (String(decoding: parts[0], as: UTF8.self), String(decoding: parts[1], as: UTF8.self)))
      rest = rest.dropFirst(Int(length))
    }
    return entries
  }

  /// Calls `body` with each entry, in order, as it lies in memory.
  package func withEachEntry(
    _ body: (_ key: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) -> Void
  ) {
    strings.withUnsafeBufferPointer { strings in
      var start = 0
      while start < strings.count {
        let end = start + 1 + Int(strings[start])
        let entry = UnsafeBufferPointer(rebasing: strings[(start + 1)..<end])
        // Keys have no equals sign, values may.
        let key = entry.prefix { $0 != UInt8(ascii: "=") }
        body(
          UnsafeBufferPointer(rebasing: key),
          UnsafeBufferPointer(rebasing: entry[(key.endIndex + 1)...]))
        start = end
      }
    }
  }

  /// Appends the RDATA of a TXT record; no entries are one empty string (RFC 6763 section 6.1).
  func appendRDATA(to octets: inout [UInt8]) {
    if strings.isEmpty { octets.append(0) } else { octets += strings }
  }
}
