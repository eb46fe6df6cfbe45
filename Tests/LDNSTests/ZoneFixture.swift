// Zone files that a test writes, in a directory of its own.

import DNSWire
import Glibc

@testable import LDNS

/// A temporary directory that goes with the value.
final class ZoneFixture {
  let directory: String

  init() throws {
    var template = Array("/tmp/rollcall-zones-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw FixtureFailure(reason: errorText()) }
    directory = String(cString: made)
  }

  deinit {
    remove(directory)
  }

  private func remove(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    if status.st_mode & S_IFMT == S_IFDIR, let stream = opendir(path) {
      while let entry = readdir(stream) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { octets in
          String(decoding: octets.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != ".", name != ".." { remove(path + "/" + name) }
      }
      closedir(stream)
      rmdir(path)
    } else {
      unlink(path)
    }
  }

  func path(_ name: String) -> String { directory + "/" + name }

  func makeDirectory(_ name: String) throws {
    guard mkdir(path(name), 0o755) == 0 else { throw FixtureFailure(reason: errorText()) }
  }

  func makeFIFO(_ name: String) throws {
    guard mkfifo(path(name), 0o644) == 0 else { throw FixtureFailure(reason: errorText()) }
  }

  func link(_ name: String, to target: String) throws {
    guard symlink(target, path(name)) == 0 else { throw FixtureFailure(reason: errorText()) }
  }

  func write(_ name: String, _ octets: some Sequence<UInt8>) throws {
    guard let file = fopen(path(name), "w") else { throw FixtureFailure(reason: errorText()) }
    defer { fclose(file) }
    let octets = Array(octets)
    guard fwrite(octets, 1, octets.count, file) == octets.count else {
      throw FixtureFailure(reason: errorText())
    }
  }

  func write(_ name: String, _ text: String) throws {
    try write(name, text.utf8)
  }
}

struct FixtureFailure: Error {
  let reason: String
}

/// The SOA and NS records that every zone needs: three lines.
let zoneHead = """
  $TTL 300
  @ SOA ns hostmaster 1 3600 900 604800 300
  @ NS ns

  """

/// Reads `text` as the zone file of `example.org.`
func read(_ text: String, _ fixture: ZoneFixture? = nil) throws -> ZoneFile {
  let fixture = try fixture ?? ZoneFixture()
  try fixture.write("example.org.zone", text)
  let path = fixture.path("example.org.zone")
  return try ZoneFile.read(path: path, origin: try ZoneDirectory.origin(fromFileName: path))
}

/// The records of a zone that has ``zoneHead`` and then `text`, without those of the head.
func records(_ text: String) throws -> [ResourceRecord] {
  Array(try read(zoneHead + text).records.dropFirst(2))
}

/// The refusal of a zone file as `file:line: reason`, the file without its directory.
func refusal(_ text: String, _ fixture: ZoneFixture? = nil) throws -> String {
  let fixture = try fixture ?? ZoneFixture()
  do {
    let zone = try read(text, fixture)
    return "accepted: \(zone.records)"
  } catch let error as ZoneFileError {
    let line = error.line.map { "\($0):" } ?? ""
    let prefix = fixture.directory + "/"
    let file = error.file.hasPrefix(prefix) ? error.file.dropFirst(prefix.count) : error.file[...]
    let reason = error.reason.split(separator: prefix, omittingEmptySubsequences: false)
    return "\(file):\(line) \(reason.joined())"
  }
}
