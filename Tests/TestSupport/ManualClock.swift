// A clock that stands until a test moves it.

package import DNSZone
package import ServiceRegistry
import Synchronization

/// Both of the registry's times, moved by hand.
package final class ManualClock: Sendable {
  private let milliseconds = Atomic<Int64>(1_000_000)

  package init() {}

  package func advance(by seconds: Double) {
    milliseconds.wrappingAdd(Int64((seconds * 1_000).rounded()), ordering: .relaxed)
  }

  package var now: BootTime { milliseconds.load(ordering: .relaxed) * 1_000_000 }

  package var registryClock: RegistryClock {
    RegistryClock(boot: { self.now }, wall: { self.now / 1_000_000 + 1_700_000_000_000 })
  }
}
