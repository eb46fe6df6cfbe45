// Times as replies show them.

package import ServiceRegistry

/// `2026-01-02T03:04:05.678Z` (RFC 3339).
///
/// Every instance that is shown has three of them, and a general formatter takes ten times as long.
package func timestamp(_ time: WallTime) -> String {
  let (days, milliseconds) = time.quotientAndRemainder(roundingDownBy: 86_400_000)
  let (year, month, day) = date(days)
  let seconds = milliseconds / 1_000
  var text: [UInt8] = []
  text.reserveCapacity(24)
  append(year, digits: 4, "-")
  append(month, digits: 2, "-")
  append(day, digits: 2, "T")
  append(seconds / 3_600, digits: 2, ":")
  append(seconds / 60 % 60, digits: 2, ":")
  append(seconds % 60, digits: 2, ".")
  append(milliseconds % 1_000, digits: 3, "Z")
  return String(decoding: text, as: UTF8.self)

  func append(_ number: Int64, digits: Int, _ end: Unicode.Scalar) {
    var unit: Int64 = 1
    for _ in 1..<digits { unit *= 10 }
    while unit > 0 {
      text.append(0x30 + UInt8(number / unit % 10))
      unit /= 10
    }
    text.append(UInt8(ascii: end))
  }
}

/// The date in the Gregorian calendar, `days` after 1970-01-01.
private func date(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
  // Years that begin in March end with the leap day; 146,097 days are 400 of them, a cycle.
  let (cycle, dayOfCycle) = (days + 719_468).quotientAndRemainder(roundingDownBy: 146_097)
  // Each 4 years but the 100th have a day more than 4 times 365, each 400 too.
  let yearOfCycle =
    (dayOfCycle - dayOfCycle / 1_460 + dayOfCycle / 36_524 - dayOfCycle / 146_096) / 365
  let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
  // From March on, five months are 153 days: 31, 30, 31, 30, 31.
  let monthFromMarch = (5 * dayOfYear + 2) / 153
  let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
  let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  return (cycle * 400 + yearOfCycle + (month <= 2 ? 1 : 0), month, day)
}

extension Int64 {
  fileprivate func quotientAndRemainder(roundingDownBy divisor: Int64) -> (Int64, Int64) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}
