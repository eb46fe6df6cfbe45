// What can be asked of the registry, and what it replies.

/// Which services a caller may be told of and may take a name from; nil stands for all.
package typealias ServiceReach = @Sendable (ServiceName) -> Bool

/// A change that somebody wants.
enum Command: Sendable {
  case register(InstanceKey, Registration, ServiceReach? = nil)
  case deregister(InstanceKey)
  /// Renew, with another status than the stored one.
  case changeStatus(InstanceKey, InstanceStatus)
  /// Take it out of every set, and remove it when no client can hold a record of it.
  case drain(InstanceKey)
  /// Answer the service so; it is there from then on.
  case configure(ServiceName, ServiceSettings, ServiceReach? = nil)
  /// Carry the command out only if that holds of its instance or service.
  indirect case on(Precondition, Command)
  /// Remove the service with all its instances.
  case remove(ServiceName)
  /// The lease has ended; the answers are without the instance already.
  case expire(InstanceKey)
  /// The service has been empty for long enough.
  case forget(ServiceName)

  /// The instance that it is about.
  var key: InstanceKey? {
    switch self {
    case .register(let key, _, _), .deregister(let key), .changeStatus(let key, _),
      .drain(let key), .expire(let key):
      key
    case .on(_, let command): command.key
    case .configure, .remove, .forget: nil
    }
  }

  /// The service that it is about as a whole.
  var service: ServiceName? {
    switch self {
    case .configure(let service, _, _), .remove(let service), .forget(let service): service
    case .on(_, let command): command.service
    case .register, .deregister, .changeStatus, .drain, .expire: nil
    }
  }
}

extension Command {
  /// The same if something must hold.
  func on(_ precondition: Precondition?) -> Command {
    precondition.map { .on($0, self) } ?? self
  }
}

/// What a command did to an instance.
package enum InstanceChange: Sendable {
  /// Its lease began anew at most.
  case none
  case new
  case replaced
}

/// The reply to a registration.
package struct RegistrationReply: Sendable {
  package let instance: InstanceView
  package let change: InstanceChange
  /// Whether the instance was not there before.
  package var isNew: Bool { change == .new }
  /// What the registrant should know though nothing is wrong.
  package let warnings: [String]
}

/// A service as it was left by settings.
package struct SettingsReply: Sendable {
  package let service: ServiceSummary
  /// Whether it was not there before.
  package let isNew: Bool
  /// Whether anything is another one now.
  package let isChange: Bool
}

/// An instance as a renewal or a drain left it; reads like its view.
@dynamicMemberLookup
package struct InstanceReply: Sendable {
  package let view: InstanceView
  /// Whether more than its lease is another one now.
  package let isChange: Bool

  package subscript<Value>(dynamicMember member: KeyPath<InstanceView, Value>) -> Value {
    view[keyPath: member]
  }
}

/// What is decided about a command before anything is committed.
enum Decision {
  case refused(RegistryError)
  /// Equal to what is stored: the lease begins anew in memory, nothing else happens.
  case unchanged(Instance)
  /// In the draft, and real once that is committed.
  case accepted(Instance, isNew: Bool, warnings: [String])
  /// The service has the settings that were asked for, in the draft if that is a change.
  case configured(ServiceRecord, isNew: Bool, isChange: Bool)
  /// Removed in the draft, or nothing is left to do.
  case settled
}

/// What became of a command.
enum Outcome: Sendable {
  case stored(InstanceView, InstanceChange, warnings: [String])
  case configured(SettingsReply)
  case removed
}
