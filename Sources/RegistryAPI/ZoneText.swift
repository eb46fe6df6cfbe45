// A zone in presentation format.

import DNSWire
import Hummingbird
import NIOCore
import ServiceRegistry

/// Writes a zone as a master file, slice by slice: of registered names no more than a slice is in
/// memory at a time, and of a zone file's the owners are.
///
/// Each slice is what is answered at its moment. The last line tells whether that was one state.
struct ZoneText: Sendable {
  let zone: ZoneSummary
  let registry: Registry
  /// Writes a record as a line without its end.
  let line: @Sendable (ResourceRecord) -> String

  /// RFC 4027
  static let mediaType = "text/dns"
  /// Owners that are asked for at once.
  private static let sliceLength = 500

  func write(to writer: inout any ResponseBodyWriter) async throws {
    var count = 0
    for slice in Self.slices(of: await registry.staticOwners(of: zone.apex)) {
      count += try await write(await registry.records(at: slice, of: zone.apex), to: &writer)
    }
    if zone.apex == registry.names.apex {
      var walk = RegistryWalk(await registry.serviceNames())
      while !walk.isAtEnd {
        count += try await write(await registry.registeredRecords(&walk), to: &writer)
      }
    }
    try await writer.write(ByteBuffer(string: await end(count)))
    try await writer.finish(nil)
  }

  /// - Returns: how many there are.
  private func write(
    _ records: [ResourceRecord], to writer: inout any ResponseBodyWriter
  ) async throws -> Int {
    guard !records.isEmpty else { return 0 }
    var text = ByteBuffer()
    for record in records {
      text.writeString(line(record))
      text.writeString("\n")
    }
    try await writer.write(text)
    return records.count
  }

  /// In canonical order (RFC 4034 section 6.1), so the apex comes first.
  private static func slices(of owners: [DomainName]) -> [[DomainName]] {
    let sorted = owners.map { (name: $0, key: $0.labels.reversed()) }.sorted { left, right in
      left.key.lexicographicallyPrecedes(right.key) { $0.lexicographicallyPrecedes($1) }
    }
    return stride(from: 0, to: sorted.count, by: sliceLength).map { start in
      sorted[start..<min(start + sliceLength, sorted.count)].map(\.name)
    }
  }

  /// Without it the text is cut.
  private func end(_ count: Int) async -> String {
    let now = await registry.zones.first { $0.apex == zone.apex }?.serial
    let before = zone.serial.map(String.init) ?? "none"
    let after = now.map(String.init) ?? "none"
    let change = now == zone.serial ? "" : ", changed meanwhile to \(after)"
    return "; end: \(count) records, serial \(before)\(change)\n"
  }
}
