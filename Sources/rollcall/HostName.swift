// What this machine calls itself.

import Glibc

enum HostName {
  static var current: String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(HOST_NAME_MAX) + 1) { name in
      gethostname(name.baseAddress!, name.count) == 0
        ? String(cString: name.baseAddress!) : nil
    }
  }
}
