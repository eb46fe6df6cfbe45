// The word in which the two halves meet: the zones that are published.

package import DNSWire
import Synchronization

/// All zones that are served, and the threads that read them.
///
/// One thread at a time may publish; any number of readers go on meanwhile and see the zones of
/// before or of after.
package final class ZoneDomain: @unchecked Sendable {
  // Sound: readers touch only `table` and what hangs from it; `zones` is the one writer's.

  package let reclamation = Reclamation()
  /// Keys the hashes of names; chosen anew by each process.
  let seed: UInt64
  /// The memory of a `NameTable<ZoneBlock>`.
  private let table: Atomic<UInt>
  private var zones: [DomainName: Zone] = [:]

  /// - Parameter seed: unpredictable, so that nobody can choose names that collide.
  package init(seed: UInt64) {
    self.seed = seed
    table = Atomic(UInt(bitPattern: NameTable<ZoneBlock>.allocate(for: 8).memory))
  }

  deinit {
    UnsafeMutableRawPointer(bitPattern: table.load(ordering: .relaxed))?.deallocate()
  }

  /// Serves `changed` from now on, each in the place of the zone with the same apex, and those at
  /// `removed` no longer. A reply sees all of that or nothing. Other zones stay as readers see
  /// them, whatever has been replaced in them.
  package func publish(_ changed: [Zone], removing removed: [DomainName] = []) {
    var replaced = changed.map { zones.updateValue($0, forKey: $0.apex) }
    replaced += removed.map { zones.removeValue(forKey: $0) }
    publishTable(changed)
    for zone in changed { zone.finishReplacement() }
    // What is replaced retires its memory here, after readers have lost the way to it.
    withExtendedLifetime(replaced) {}
  }

  package func zone(at apex: DomainName) -> Zone? { zones[apex] }

  /// The apexes of all zones.
  package var apexes: [DomainName] { Array(zones.keys) }

  /// Frees what changes have replaced and no reader can hold any more.
  package func collect() {
    reclamation.collect()
  }

  private func publishTable(_ changed: [Zone]) {
    let new = NameTable<ZoneBlock>.allocate(for: zones.count)
    let changed = Set(changed.map(ObjectIdentifier.init))
    var depths: UInt128 = 0
    for zone in zones.values {
      let block = changed.contains(ObjectIdentifier(zone)) ? zone.block : zone.visibleBlock
      new.insert(block)
      depths |= 1 << UInt128(block.apexLabels)
    }
    new.note.storeBytes(of: depths, as: UInt128.self)
    let old = table.exchange(UInt(bitPattern: new.memory), ordering: .acquiringAndReleasing)
    reclamation.retire(.memory(UnsafeMutableRawPointer(bitPattern: old)!))
  }

  // MARK: Readers

  /// All zones as they are now; to be taken anew for each batch of replies.
  var published: PublishedZones {
    PublishedZones(
      table: NameTable(
        memory: UnsafeMutableRawPointer(bitPattern: table.load(ordering: .acquiring))!),
      seed: seed)
  }
}

/// The zones that one reply is made from.
struct PublishedZones {
  fileprivate let table: NameTable<ZoneBlock>
  let seed: UInt64

  /// The zone with the longest apex at or above the name (RFC 1034 section 4.3.2 step 2).
  ///
  /// - Parameter labelsAtMost: look only at the name's last that many labels.
  func findZone(_ name: NameScratch, labelsAtMost: Int = .max) -> ZoneBlock? {
    let most = min(labelsAtMost, name.labelCount)
    // Bit n tells whether any apex has n labels; mostly there are one or two such numbers.
    var depths = table.note.load(as: UInt128.self)
    if most < 127 { depths &= 1 << UInt128(most + 1) - 1 }
    while depths != 0 {
      let labels = 127 - depths.leadingZeroBitCount
      let suffix = name.suffix(labels: labels)
      if let zone = table.find(suffix, hash: suffix.hash(seed: seed)) { return zone }
      depths ^= 1 << UInt128(labels)
    }
    return nil
  }
}
