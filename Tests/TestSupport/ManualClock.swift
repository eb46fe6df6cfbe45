// A clock that stands until a test moves it.

package import DNSZone
package import ServiceRegistry
import Synchronization

/// Both of the registry's times, moved by hand.
package final class ManualClock: Sendable {
  private let milliseconds = Atomic<Int64>(1_000_000)
  /// What the wall clock was set forward or back by.
  private let wallSteps = Atomic<Int64>(0)

  package init() {}

  package func advance(by seconds: Double) {
    milliseconds.wrappingAdd(Int64((seconds * 1_000).rounded()), ordering: .relaxed)
  }

  /// Sets the wall clock forward, or back, as an operator or NTP may; boot time goes on.
  package func stepWall(by seconds: Int64) {
    wallSteps.wrappingAdd(seconds * 1_000, ordering: .relaxed)
  }

  package var wall: WallTime {
    now / 1_000_000 + 1_700_000_000_000 + wallSteps.load(ordering: .relaxed)
  }

  package var now: BootTime { milliseconds.load(ordering: .relaxed) * 1_000_000 }

  package var registryClock: RegistryClock {
    RegistryClock(boot: { self.now }, wall: { self.wall })
  }
}
