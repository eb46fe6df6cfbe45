// Every limit of the registry by name.

import DNSZone

package enum RegistryLimits {
  /// At most, and unless less is set.
  package static let instances = 2_000_000
  /// At most, and unless less is set.
  package static let services = 500_000
  /// Of one instance.
  package static let addresses = 16
  /// Of one instance, the default port not counted.
  package static let ports = 16
  /// Of one instance.
  package static let tags = 32
  /// Of one instance.
  package static let metadataEntries = 64
  /// Octets of a metadata entry as `key=value`: one string of a TXT record (RFC 1035 section 3.3).
  package static let metadataEntryLength = 255
  package static let leaseSeconds = 1...86_400
  /// That a service may set.
  package static let ttlSeconds = 0...86_400
  /// Records of an answer that a service may set.
  package static let maxAnswers = 1...OwnerRRsets.answersLimit
  package static let defaultLeaseSeconds = 30
  /// Seconds that a service without instances goes on existing: up to a year.
  package static let emptyServiceSeconds = 1...365 * 86_400
  package static let defaultEmptyServiceSeconds = 86_400
  /// Percent of a service's instances that may expire within the window; 0: there is no brake.
  package static let brakeShare = 0...100
  /// Seconds.
  package static let brakeWindowSeconds = 1...3_600
  package static let defaultBrakeWindowSeconds = 60
  /// Seconds that an instance is held at most.
  package static let brakeHoldSeconds = 1...86_400
  package static let defaultBrakeHoldSeconds = 300
  /// Instances below which a service is not braked.
  package static let brakeMinimum = 1...instances
  package static let defaultBrakeMinimum = 5
  /// Port names and tags, each, that a service's names are remembered for after no instance has
  /// them any more.
  package static let rememberedNames = 1_000
  /// Instances that a service type lists, and types that are listed: so many PTR records fit in a
  /// message, however long their labels.
  package static let browsedInstances = 800
  package static let browsedTypes = 800
  /// Instances that the PTR answer for an address holds: so many fit in a message.
  package static let reverseInstances = 200
  /// Commands that wait for a commit; more are refused for the moment.
  package static let waitingCommands = 10_000
  /// The same where one caller brings many.
  package static let waitingBulkCommands = 200_000
  /// Callers that wait for the end of a drain; each holds a connection.
  package static let waitingDrains = 200
  /// Changes that are kept for those who missed them.
  package static let eventsKept = 100...1_000_000
  package static let defaultEventsKept = 100_000
  /// Events of a page, and those that are looked at for one.
  static let eventPage = 100
  static let eventSearch = 10_000
  /// Commands that are worked on before whatever else is due gets its turn.
  static let slice = 500
  /// Commands decided together and committed in one transaction.
  package static let batch = 512
  /// Octets of an answer over UDP that every client takes (RFC 1035 section 4.2.1).
  static let plainAnswerLength = 512
  /// The same of clients with EDNS, and what their answers have besides: an OPT record.
  static let ednsAnswerLength = 1_232
  static let optRecordLength = 11
  /// Addresses of a name, of both families together, that musl's resolver takes.
  static let muslAddresses = 48
  /// Octets of a DNS message over TCP (RFC 1035 section 4.2.2).
  package static let messageLength = 65_535
}
