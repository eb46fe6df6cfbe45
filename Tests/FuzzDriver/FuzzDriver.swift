// The entry points of libFuzzer, whose main function is linked in by `tools/fuzz`. In any other
// build this program does nothing.

import FuzzTargets
import Glibc

/// Runs one input. A violated property ends the process, which is how libFuzzer learns of it.
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  do throws(Violation) {
    try FuzzDriver.check([UInt8](UnsafeBufferPointer(start: start, count: count)))
  } catch {
    FuzzDriver.end("violated: \(error)")
  }
  return 0
}

/// What LeakSanitizer is not to report. A table of names keeps a part of the hash in each pointer
/// (`NameTable`), so what a zone that lives as long as the process holds looks lost. And libldns
/// itself loses parts of a record that it refuses, an IPSECKEY with a wrong gateway for one, and
/// of two TSIG records in a message the first. Where it reads zone files for us, a record that it
/// gave us and we forget is still seen (`ldns_rr_new`); of messages it is the second opinion only.
@_cdecl("__lsan_default_suppressions")
func leakSuppressions() -> UnsafePointer<CChar> {
  let text: StaticString =
    FuzzDriver.targetName == FuzzTarget.zone.rawValue
    ? "leak:ldns_rdf_new_frm_data\nleak:ldns_str2rdf_\n"
    : "leak:ReplyZones\nleak:ldns_rdf_new_frm_data\nleak:ldns_rr_new\n"
  return UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
}

private enum FuzzDriver {
  // Sound: libFuzzer runs inputs on its main thread only.
  nonisolated(unsafe) static let check = makeCheck()

  static var targetName: String {
    getenv("ROLLCALL_FUZZ_TARGET").map { String(cString: $0) } ?? ""
  }

  private static func makeCheck() -> FuzzTarget.Check {
    let name = targetName
    guard let target = FuzzTarget(rawValue: name) else {
      end("ROLLCALL_FUZZ_TARGET is '\(name)'; see tools/fuzz --help")
    }
    do throws(Violation) {
      return try target.makeCheck()
    } catch {
      end("\(error)")
    }
  }

  /// An optimised build drops the texts of preconditions.
  static func end(_ text: String) -> Never {
    let line = Array("\(text)\n".utf8)
    _ = write(STDERR_FILENO, line, line.count)
    preconditionFailure()
  }
}
