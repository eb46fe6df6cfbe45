// What a terminal can show that a file or another program is not to get.

import Foundation
import Glibc

enum Colour: Int {
  case red = 31
  case green = 32
  case yellow = 33
  case blue = 34
}

enum Terminal {
  /// Whether standard output may have colours: it goes to a terminal that has them, and nobody has
  /// said otherwise.
  static var hasColours: Bool {
    let variables = ProcessInfo.processInfo.environment
    return isatty(STDOUT_FILENO) == 1 && variables["TERM"] != "dumb"
      && variables["NO_COLOR", default: ""].isEmpty
  }
}
