// The corpus of the fuzzer, replayed: every input that it found worth keeping, every past finding.

import FuzzTargets
import Glibc
import Testing

/// `Tests/Corpus/NAME` for the target of that name.
private struct Corpus {
  let directory: String

  init(_ target: FuzzTarget) {
    let tests = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    directory = "/\(tests)/Corpus/\(target.rawValue)/"
  }

  /// The names of the inputs, sorted; none when the directory is not there.
  func names() -> [String] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { octets in
        String(decoding: octets.prefix { $0 != 0 }, as: UTF8.self)
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }

  func input(_ name: String) throws -> [UInt8] {
    guard let file = fopen(directory + name, "r") else { throw Unreadable(name: name) }
    defer { fclose(file) }
    var octets = [UInt8](repeating: 0, count: 1 << 20)
    octets.removeLast(octets.count - fread(&octets, 1, octets.count, file))
    return octets
  }
}

private struct Unreadable: Error {
  let name: String
}

@Suite("Replayed fuzzer inputs")
struct ReplayTests {
  @Test("every input of the corpus breaks no property", arguments: FuzzTarget.allCases)
  func replay(target: FuzzTarget) throws {
    let corpus = Corpus(target)
    let names = corpus.names()
    try #require(names.count >= 20, "no corpus in \(corpus.directory)")
    let check = try target.makeCheck()
    for name in names {
      let input = try corpus.input(name)
      do {
        try check(input)
      } catch {
        Issue.record("\(corpus.directory)\(name): \(error)")
      }
    }
  }
}
