// Telling of changes: those who watch now, and those who ask for what they missed.

import Synchronization

/// Whom the registry tells of changes as soon as they are published. It is called where all changes
/// are made, so it returns soon.
package protocol EventListener: AnyObject, Sendable {
  /// Whether anybody watches anything.
  var isListening: Bool { get }

  func isWatched(_ service: ServiceName) -> Bool

  /// Takes events of services that are watched, in order.
  func receive(_ events: [PublishedEvent])
}

/// A part of what comes after a revision.
package struct EventPage: Sendable {
  package let events: [PublishedEvent]
  /// All that is wanted up to this revision is in the pages so far.
  package let reached: UInt64
  /// There is nothing after `reached` yet.
  package let isLast: Bool
}

extension Registry {
  /// Tells `listener` of changes from now on. There is one.
  package nonisolated func setListener(_ listener: any EventListener) {
    self.listener.withLock { $0 = listener }
  }

  /// The revision of the last change that is published.
  package var publishedRevision: UInt64 { log.end }

  /// What has changed after `revision`, page by page, each instance as it is now.
  ///
  /// - Returns: nil when that can't be told: the log begins later, or the revision was never given
  ///   out.
  package func events(
    after revision: UInt64, where isWanted: @Sendable (ServiceName) -> Bool
  ) -> EventPage? {
    // A change is given its revision, and is seen, shortly before it is in the log.
    guard revision <= state.position.revision,
      let page = log.page(after: revision, where: { isWanted($0.service) })
    else { return nil }
    return EventPage(
      events: page.events.map(published), reached: page.reached, isLast: page.isLast)
  }

  /// Whether there is something new of a service for someone who knows what it was at `revision`:
  /// it is another one, there where it was not, or gone.
  ///
  /// Who knows a later revision than there is knows another history, and has to look again. So has
  /// who knows a service that is gone since the log does not tell when.
  package func hasChanged(_ name: ServiceName, after revision: UInt64) -> Bool {
    if revision > state.position.revision { return true }
    if let service = state.services[name] { return service.record.revision > revision }
    return revision > 0 && log.hasEvent(of: name, after: revision) ?? true
  }

  // MARK: Publishing

  /// Tells of what a batch has changed, when it is applied.
  func publish(_ events: [RegistryEvent]) async {
    var rest = events[...]
    while !rest.isEmpty {
      let slice = rest.prefix(RegistryLimits.slice).map(kept)
      rest = rest.dropFirst(slice.count)
      for event in slice { log.append(event) }
      tell(slice)
      if !rest.isEmpty { await Task.yield() }
    }
  }

  /// The event with the service's own name, which is in memory anyway, in the place of the one that
  /// a request brought.
  private func kept(_ event: RegistryEvent) -> RegistryEvent {
    guard let name = state.services[event.service]?.name else { return event }
    return RegistryEvent(revision: event.revision, event.kind, of: name, event.id)
  }

  /// Tells of services of which the brake began to hold instances.
  func tellHolds() {
    guard !untoldHolds.isEmpty else { return }
    tell(untoldHolds.map { RegistryEvent(revision: log.end, .held, of: $0) })
    untoldHolds = []
  }

  private func tell(_ events: [RegistryEvent]) {
    guard let listener = listener.withLock(\.self), listener.isListening else { return }
    let watched = events.filter { listener.isWatched($0.service) }
    if !watched.isEmpty { listener.receive(watched.map(published)) }
  }

  private func published(_ event: RegistryEvent) -> PublishedEvent {
    PublishedEvent(event: event, instance: event.key.flatMap { try? instance($0) })
  }
}
