// Zone files: what is refused has a reason, and what is accepted can be served.

import DNSWire
import DNSZone
import LDNS
import TestSupport

/// Reads each input as a zone file, and serves it if it is accepted.
///
/// The octet 0x1C, ASCII's file separator, ends the zone file in the input; what follows it are
/// files named `a`, `b` and `c`, for `$INCLUDE`.
struct ZoneFileTarget {
  static let separator: UInt8 = 0x1C
  /// Directives an input may have: a file that is included twelve times by one that is, and so on,
  /// takes longer than it is worth.
  private static let includeLimit = 12

  private let directory: FuzzDirectory
  private let origin = ZoneUnderTest.name("example.org.")

  init() throws(Violation) {
    directory = try FuzzDirectory()
  }

  func check(_ input: [UInt8]) throws(Violation) {
    let files = input.split(
      separator: Self.separator, maxSplits: FuzzDirectory.fileNames.count - 1,
      omittingEmptySubsequences: false)
    guard Self.includes(in: input) <= Self.includeLimit else { return }
    try directory.write(files)
    let file: ZoneFile
    do throws(ZoneFileError) {
      file = try ZoneFile.read(path: directory.path + FuzzDirectory.fileNames[0], origin: origin)
    } catch {
      return try check(error, lines: input.count { $0 == UInt8(ascii: "\n") } + 1)
    }
    let served = ServedZone(file)
    try served.check()
    try ReplacedZone(file, served).check()
  }

  /// How often `$I` stands in `octets`, letters in any case.
  private static func includes(in octets: [UInt8]) -> Int {
    zip(octets, octets.dropFirst()).count { $0 == UInt8(ascii: "$") && $1 | 0x20 == 0x69 }
  }

  private func check(_ error: ZoneFileError, lines: Int) throws(Violation) {
    try require(!error.reason.isEmpty, "refused without a reason")
    try require(error.file.hasPrefix(directory.path), "the file of an error is \(error.file)")
    if let line = error.line { try require((1...lines).contains(line), "an error in line \(line)") }
  }
}
