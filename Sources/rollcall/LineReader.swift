// A text file line by line.

import Glibc

final class LineReader {
  /// Octets of a line.
  private static let limit = 1 << 20

  private let path: String
  private let file: UnsafeMutablePointer<FILE>
  private let length: Int
  private var taken = 0
  /// Of the line that was read last, from 1.
  private(set) var number = 0

  init(path: String) throws(OutputError) {
    guard let file = fopen(path, "re") else {
      throw OutputError("\(path) can't be read: \(String(cString: strerror(errno)))")
    }
    self.path = path
    self.file = file
    var status = stat()
    length = fstat(fileno(file), &status) == 0 ? Int(status.st_size) : 0
  }

  deinit {
    fclose(file)
  }

  /// How much was read, from 0 to 1.
  var part: Double { Double(taken) / Double(max(taken, length, 1)) }

  /// The next line without its end; nil after the last one.
  func next() throws(OutputError) -> [UInt8]? {
    var line: [UInt8] = []
    while true {
      let octet = getc_unlocked(file)
      guard octet != EOF else {
        guard ferror(file) == 0 else { throw OutputError("\(path) can't be read to its end") }
        if line.isEmpty { return nil }
        break
      }
      taken += 1
      guard octet != 0x0A else { break }
      guard line.count < Self.limit else {
        throw OutputError("\(path):\(number + 1): a line may have \(Self.limit) octets")
      }
      line.append(UInt8(truncatingIfNeeded: octet))
    }
    number += 1
    return line
  }
}
