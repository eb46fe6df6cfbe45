// Reads the items of a bulk body, which mostly have much in common.

import DNSWire
import JSONText
import ServiceRegistry

/// Remembers the services of earlier items, and what they said besides their addresses: of most
/// items no string and no array is made but those that are theirs alone. What is not as in an
/// earlier item is read in full, and so is whatever may be wrong.
struct BulkReader {
  private var services = TextMemo<ServiceName>()
  /// By all members of an item but its names, its addresses and its metadata.
  private var registrations = TextMemo<Registration>()
  /// Memory for those members.
  private var rest: [UInt8] = []
  /// It often differs where nothing else does.
  private var metadataBefore = TextMemo<Metadata>()
  private var metadataIdentity: [UInt8] = []

  /// The instance that two members of an item name.
  mutating func key(_ service: JSONValue?, _ id: JSONValue?) throws -> InstanceKey {
    guard let service else { throw JSONFault("service", "is missing") }
    guard let id else { throw JSONFault("id", "is missing") }
    guard let serviceText = service.octets else {
      throw JSONFault("service", "must be a string")
    }
    guard let idText = id.string else { throw JSONFault("id", "must be a string") }
    let name = try serviceName(serviceText)
    return InstanceKey(service: name, id: try Label(idText, kind: .instance))
  }

  private mutating func serviceName(
    _ text: UnsafeBufferPointer<UInt8>
  ) throws(RegistryError) -> ServiceName {
    if let known = services[text] { return known }
    let name = try ServiceName(String(decoding: text, as: UTF8.self))
    services[text] = name
    return name
  }

  // MARK: Registrations

  /// - Throws: `JSONFault` or `RegistryError` for an item that is to be refused.
  mutating func registration(
    _ item: JSONValue, peer: Peer
  ) throws -> BulkItem<RegistrationBody> {
    guard let own = takeApart(item), let addresses = own.addresses else {
      return try readInFull(item, peer: peer)
    }
    let metadata: Metadata? = if let given = own.metadata { readMetadata(given) } else { .empty }
    if let metadata, let known = rest.withUnsafeBufferPointer({ registrations[$0] }) {
      let key = try key(own.service, own.id)
      var registration = try known.with(addresses: addresses)
      registration.metadata = metadata
      return BulkItem(key: key, value: RegistrationBody(registration))
    }
    let read = try readInFull(item, peer: peer)
    rest.withUnsafeBufferPointer { registrations[$0] = read.value.registration }
    return read
  }

  /// Nil for what is not right, or too long for looking whether a key is given twice.
  private mutating func readMetadata(_ value: JSONValue) -> Metadata? {
    metadataIdentity.removeAll(keepingCapacity: true)
    value.appendIdentity(to: &metadataIdentity)
    if let known = metadataIdentity.withUnsafeBufferPointer({ metadataBefore[$0] }) { return known }
    guard let members = value.members else { return nil }
    var entries: [(key: String, value: String)] = []
    for (name, value) in members {
      guard let name = name.string, let value = value.string, entries.count < 16,
        !entries.contains(where: { $0.key == name })
      else { return nil }
      entries.append((name, value))
    }
    guard let read = try? Metadata(entries) else { return nil }
    metadataIdentity.withUnsafeBufferPointer { metadataBefore[$0] = read }
    return read
  }

  private mutating func readInFull(
    _ item: JSONValue, peer: Peer
  ) throws -> BulkItem<RegistrationBody> {
    let fields = try RegistrationBody.Fields(item)
    return BulkItem(
      key: try key(fields[.service], fields[.id]), value: try RegistrationBody(fields, peer: peer))
  }

  // MARK: Renewals

  private enum RenewalField: String, CaseIterable {
    case service, id, status
  }

  /// - Throws: `JSONFault` or `RegistryError` for an item that is to be refused.
  mutating func renewal(_ item: JSONValue) throws -> BulkItem<InstanceStatus?> {
    if let own = takeApart(item), own.address == nil, own.metadata == nil, rest.isEmpty {
      return BulkItem(key: try key(own.service, own.id), value: nil)
    }
    let fields = try JSONFields<RenewalField>(item)
    return BulkItem(
      key: try key(fields[.service], fields[.id]), value: try fields.choice(.status))
  }

  // MARK: Items

  /// What is an item's own.
  private struct Own {
    let service: JSONValue
    let id: JSONValue
    /// Or several.
    let address: JSONValue?
    let metadata: JSONValue?

    /// Nil if there are none, or one that is not right.
    var addresses: [IPAddress]? {
      guard let address else { return nil }
      guard let elements = address.elements else {
        return Self.address(address).map { [$0] }
      }
      var addresses: [IPAddress] = []
      for element in elements {
        guard let address = Self.address(element) else { return nil }
        addresses.append(address)
      }
      return addresses
    }

    private static func address(_ value: JSONValue) -> IPAddress? {
      value.octets.flatMap { IPAddress(text: $0) }
    }
  }

  /// Sets an item's names, addresses and metadata apart from its other members, which ``rest``
  /// holds then.
  /// - Returns: nil for what has to be read in full: a name is missing, or a member given twice.
  private mutating func takeApart(_ item: JSONValue) -> Own? {
    rest.removeAll(keepingCapacity: true)
    guard let members = item.members else { return nil }
    var service: JSONValue?
    var id: JSONValue?
    var address: JSONValue?
    var metadata: JSONValue?
    func take(_ value: JSONValue, as place: inout JSONValue?) -> Bool {
      guard place == nil else { return false }
      place = value
      return true
    }
    for (name, value) in members {
      let isTaken: Bool
      if name.isString("service") {
        isTaken = take(value, as: &service)
      } else if name.isString("id") {
        isTaken = take(value, as: &id)
      } else if name.isString("address") {
        isTaken = value.elements == nil && take(value, as: &address)
      } else if name.isString("addresses") {
        isTaken = value.elements != nil && take(value, as: &address)
      } else if name.isString("metadata") {
        isTaken = take(value, as: &metadata)
      } else {
        name.appendIdentity(to: &rest)
        value.appendIdentity(to: &rest)
        isTaken = true
      }
      guard isTaken else { return nil }
    }
    guard let service, let id else { return nil }
    return Own(service: service, id: id, address: address, metadata: metadata)
  }
}
