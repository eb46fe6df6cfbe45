// Why a command was not carried out; each case says whose fault it is by its kind.

/// A refused or failed command. Nothing was changed, except where it says that this is unknown.
package enum RegistryError: Error, Equatable {
  /// A name that can't be a service, id, port name or tag, and what a right one is like.
  case badName(NameKind, String, String)
  /// A field of the registration and what is wrong with it.
  case badField(String, String)
  /// An owner name would be longer than DNS allows.
  case nameTooLong(NameKind, String)
  case unknownService(ServiceName)
  case unknownInstance(InstanceKey)
  /// Another registration or a zone file holds a name that this one claims.
  case nameTaken(name: String, holder: String)
  /// A zone that is to be loaded would leave no room for a registered name.
  case nameCovered(registered: String, holder: String)
  /// An answer would not fit into any DNS message.
  case rrsetTooLarge(name: String)
  case limitReached(String, limit: Int)
  /// The instance or service is not as the caller requires it; its revision, nil if there is none.
  case preconditionFailed(revision: UInt64?)
  /// An idempotency key was used before, for a registration that said something else.
  case keyReused
  /// Too much is waiting already; to be tried again.
  case busy
  /// So many callers wait already for something to end.
  case tooManyWaiting(limit: Int)
  /// The store could not keep the change. When the outcome is unknown it may yet be on disk.
  case notCommitted(reason: String, isOutcomeUnknown: Bool)

  static func notCommitted(_ error: StoreError) -> RegistryError {
    .notCommitted(reason: error.reason, isOutcomeUnknown: error.isOutcomeUnknown)
  }

  static func tooMany(_ field: String, _ count: Int, limit: Int) -> RegistryError {
    .badField(field, "has \(count) entries; at most \(limit) are allowed")
  }
}
