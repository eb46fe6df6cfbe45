// How the store is doing, and what was seen of it.

package import DNSZone

/// What became of commits since the start; each number only grows.
package struct StoreCounters: Equatable, Sendable {
  package fileprivate(set) var commits = 0
  /// When the last of them was over; nil before the first.
  package fileprivate(set) var lastCommit: WallTime?
  package fileprivate(set) var failedCommits = 0
  /// How often all that is acknowledged was written anew.
  package fileprivate(set) var replacements = 0
  package fileprivate(set) var failedReplacements = 0
  /// Seconds that commits took, failed ones too.
  package fileprivate(set) var commitDurations = Histogram(bounds: Histogram.durationBounds)
}

struct StoreHealth {
  /// Nanoseconds after an attempt that failed in which there is no other one, so that a broken disk
  /// is not written to without pause.
  private static let pause: BootTime = 1_000_000_000

  /// Why the last commit, or replacement, failed; nil when it succeeded.
  private(set) var failure: StoreError?
  /// Nothing is committed before all that is in memory was written anew.
  private(set) var needsReplacement = false
  /// Instances that may be otherwise on disk than in memory, because a commit of theirs failed
  /// without saying how. Nobody is told what they are until that is settled: after a crash it might
  /// be wrong.
  private var inDoubt: Set<InstanceKey> = []
  /// Services of which the same holds for all instances.
  private var servicesInDoubt: Set<ServiceName> = []
  /// Services of which it holds for what is stored besides instances.
  private var recordsInDoubt: Set<ServiceName> = []
  private(set) var counters = StoreCounters()
  private var nextReplacement = BootTime.min
  private var nextProbe = BootTime.never

  func isInDoubt(_ key: InstanceKey) -> Bool {
    guard !(inDoubt.isEmpty && servicesInDoubt.isEmpty) else { return false }
    return inDoubt.contains(key) || servicesInDoubt.contains(key.service)
  }

  /// Whether nobody can say what the command would find.
  func isInDoubt(_ command: Command) -> Bool {
    if case .remove(let service) = command {
      return servicesInDoubt.contains(service) || recordsInDoubt.contains(service)
    }
    if case .configure(let service, _, _) = command {
      return servicesInDoubt.contains(service) || recordsInDoubt.contains(service)
    }
    return command.key.map(isInDoubt) ?? false
  }

  func mayReplace(at now: BootTime) -> Bool { now >= nextReplacement }

  /// Whether it is time to see whether the store works again; then not again for a while.
  mutating func takeProbe(at now: BootTime) -> Bool {
    guard now >= nextProbe else { return false }
    nextProbe = now + Self.pause
    return true
  }

  /// - Parameters:
  ///   - failure: of the batch's commit; nil when it succeeded.
  ///   - start: when it began.
  mutating func noteCommit(
    of batch: StoreBatch, _ failure: StoreError?, since start: BootTime, at now: BootTime,
    wall: WallTime
  ) {
    counters.commitDurations.add(Double(now - start) / 1e9)
    if failure == nil {
      counters.commits += 1
      counters.lastCommit = wall
    } else {
      counters.failedCommits += 1
    }
    if failure?.isOutcomeUnknown ?? false {
      inDoubt = Set(batch.instances.map(\.key) + batch.removedInstances)
      servicesInDoubt = Set(batch.removedServices)
      recordsInDoubt = Set(batch.services.map(\.name))
    }
    note(failure, at: now)
  }

  mutating func noteReplacement(_ failure: StoreError?, at now: BootTime) {
    if failure == nil {
      counters.replacements += 1
      needsReplacement = false
      inDoubt = []
      servicesInDoubt = []
      recordsInDoubt = []
    } else {
      counters.failedReplacements += 1
      nextReplacement = now + Self.pause
    }
    note(failure, at: now)
  }

  private mutating func note(_ failure: StoreError?, at now: BootTime) {
    self.failure = failure
    needsReplacement = needsReplacement || (failure?.needsReplacement ?? false)
    nextProbe = failure == nil ? BootTime.never : now + Self.pause
  }
}
