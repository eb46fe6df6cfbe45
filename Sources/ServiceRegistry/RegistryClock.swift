// The two times that the registry needs.

package import DNSZone
import Glibc

/// Where the registry takes the time from; tests set it by hand.
package struct RegistryClock: Sendable {
  /// By which leases run.
  package let boot: @Sendable () -> BootTime
  /// For people to read.
  package let wall: @Sendable () -> WallTime

  package init(boot: @escaping @Sendable () -> BootTime, wall: @escaping @Sendable () -> WallTime) {
    self.boot = boot
    self.wall = wall
  }

  /// CLOCK_BOOTTIME and CLOCK_REALTIME of this machine.
  package static let system = RegistryClock(
    boot: { nanoseconds(CLOCK_BOOTTIME) },
    wall: { nanoseconds(CLOCK_REALTIME) / 1_000_000 })

  private static func nanoseconds(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
