// What an operator can set about the registry.

package struct RegistrySettings: Sendable {
  /// Seconds that a service without instances goes on existing.
  package var emptyServiceSeconds = RegistryLimits.defaultEmptyServiceSeconds
  package var brake = BrakeSettings()
  /// Changes that can be told to those who missed them.
  package var eventsKept = RegistryLimits.defaultEventsKept
  /// Instances of all services. Beyond, new ones are refused; those that are there, also from
  /// before the limit was set, stay and can be replaced.
  package var instances = RegistryLimits.instances
  /// Services, under the same rule.
  package var services = RegistryLimits.services

  package init() {}
}
