// How the programs of the tools speak to them.

import Glibc

/// A program that a tool starts: lines on standard output, and exit code 2 when it can't begin.
package enum Driver {
  package static func write(_ text: String) {
    write(text, to: STDOUT_FILENO)
  }

  package static func fail(_ text: String) -> Never {
    let name = CommandLine.arguments[0].split(separator: "/").last ?? "driver"
    write("\(name): \(text)", to: STDERR_FILENO)
    exit(2)
  }

  private static func write(_ text: String, to descriptor: Int32) {
    let line = Array("\(text)\n".utf8)
    _ = Glibc.write(descriptor, line, line.count)
  }
}
