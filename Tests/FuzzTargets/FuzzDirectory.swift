// The files that an input is written to.

import Glibc

/// A temporary directory that goes with the value, and the files of one input in it.
final class FuzzDirectory {
  /// The zone file, then those that it can include.
  static let fileNames = ["example.org.zone", "a", "b", "c"]

  /// Ends in a slash.
  let path: String

  init() throws(Violation) {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(parent)/rollcall-fuzz-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw Violation("no temporary directory in \(parent): \(String(cString: strerror(errno)))")
    }
    path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) } + "/"
  }

  deinit {
    for name in Self.fileNames { unlink(path + name) }
    rmdir(path)
  }

  /// Makes the directory hold `files` under ``fileNames`` and nothing that was there before.
  func write(_ files: [ArraySlice<UInt8>]) throws(Violation) {
    for (index, name) in Self.fileNames.enumerated() {
      guard index < files.count else {
        unlink(path + name)
        continue
      }
      guard let file = fopen(path + name, "w") else { throw Violation("cannot write \(name)") }
      defer { fclose(file) }
      let octets = Array(files[index])
      guard fwrite(octets, 1, octets.count, file) == octets.count else {
        throw Violation("cannot write all of \(name)")
      }
    }
  }
}
