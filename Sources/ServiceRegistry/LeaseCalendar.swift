// Which leases may end when, without looking at those that can't.

import DNSZone
import HeapModule

/// Instances by the moment at which their lease has to be looked at, in steps: however many end in
/// the same second, each costs the same.
///
/// An entry is not moved when a lease is renewed: when it comes up, whoever asked looks whether
/// the lease has ended and puts it back with the later time. So a renewal costs nothing here, and
/// each lease is looked at about once in its length.
struct LeaseCalendar {
  /// Nanoseconds, by which an entry may come up too late.
  static let step: BootTime = 20_000_000

  /// By number of step.
  private var steps: [Int64: [Member]] = [:]
  private var numbers = Heap<Int64>()
  /// Instances that are to be looked at.
  private(set) var count = 0

  private static func number(_ time: BootTime) -> Int64 { (time + step - 1) / step }

  /// Looks at `member` at `time`, or sooner if that was asked already.
  mutating func schedule(_ member: Member, at time: BootTime) {
    guard time < member.lookAt else { return }
    cancel(member)
    let number = Self.number(time)
    if steps[number] == nil { numbers.insert(number) }
    member.lookAt = time
    member.lookPlace = Int32(steps[number]?.count ?? 0)
    steps[number, default: []].append(member)
    count += 1
  }

  /// Does not look at `member` any more.
  mutating func cancel(_ member: Member) {
    guard member.lookAt != BootTime.never else { return }
    let number = Self.number(member.lookAt)
    member.lookAt = BootTime.never
    count -= 1
    guard let last = steps[number]?.popLast(), last !== member else { return }
    last.lookPlace = member.lookPlace
    steps[number]?[Int(member.lookPlace)] = last
  }

  /// The next instance whose time is `now` or before; nil when there is none.
  mutating func next(at now: BootTime) -> Member? {
    while let number = numbers.min, number * Self.step <= now {
      if let member = steps[number]?.popLast() {
        member.lookAt = BootTime.never
        count -= 1
        return member
      }
      steps[number] = nil
      numbers.removeMin()
    }
    return nil
  }
}
