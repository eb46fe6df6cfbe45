// Times as replies show them.

import ServiceRegistry

/// `2026-01-02T03:04:05.678Z` (RFC 3339) for a time from the year 0 to 9999.
func timestamp(_ time: WallTime) -> String {
  let day = 24 * 60 * 60 * 1_000 as WallTime
  let (days, rest) = time.flooredDivision(by: day)
  let date = civilDate(days: Int(days))
  let (seconds, milliseconds) = Int(rest).quotientAndRemainder(dividingBy: 1_000)
  return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))"
    + "T\(padded(seconds / 3_600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
    + ".\(padded(milliseconds, 3))Z"
}

/// The Gregorian date of a day counted from 1970-01-01.
///
/// Years are counted from March here, so that the leap day is a year's last: then a month's length
/// follows from its number, and 400 years always have 146,097 days.
private func civilDate(days: Int) -> (year: Int, month: Int, day: Int) {
  // From 0000-03-01.
  let (era, dayOfEra) = (days + 719_468).flooredDivision(by: 146_097)
  let yearOfEra =
    (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
  let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  let monthFromMarch = (5 * dayOfYear + 2) / 153
  let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
  let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day)
}

private func padded(_ number: Int, _ width: Int) -> String {
  let digits = String(number)
  return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

extension BinaryInteger {
  /// Division whose remainder is never negative.
  fileprivate func flooredDivision(by divisor: Self) -> (quotient: Self, remainder: Self) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}
