// A time in seconds as a master file writes it: `300`, `1h30m`.

/// Reads a number of seconds, or numbers with the units s, m, h, d and w, as BIND and NSD do.
enum Period {
  /// The seconds that `text` says, however many, or none when it is no period.
  static func seconds(_ text: some Sequence<UInt8>) -> UInt64? {
    var total: UInt64 = 0
    var number: UInt64?
    var isEmpty = true
    for octet in text {
      isEmpty = false
      if octet.isDigit {
        number = bounded((number ?? 0) * 10 + UInt64(octet - UInt8(ascii: "0")))
      } else {
        guard let count = number, let unit = unit(octet) else { return nil }
        total = bounded(total + count * unit)
        number = nil
      }
    }
    return isEmpty ? nil : bounded(total + (number ?? 0))
  }

  private static func unit(_ letter: UInt8) -> UInt64? {
    switch letter | 0x20 {
    case UInt8(ascii: "s"): 1
    case UInt8(ascii: "m"): 60
    case UInt8(ascii: "h"): 3600
    case UInt8(ascii: "d"): 86_400
    case UInt8(ascii: "w"): 604_800
    default: nil
    }
  }

  /// Far above every limit, and far from overflow.
  private static func bounded(_ seconds: UInt64) -> UInt64 { min(seconds, 1 << 40) }
}
