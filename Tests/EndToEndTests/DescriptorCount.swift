// What a server holds open.

import Foundation
import TestSupport
import Testing

extension RunningServer {
  /// The descriptors that the server has open.
  func descriptorCount() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/\(child.pid)/fd").count
  }

  /// Expects that after `body`, once the server knows that its clients are gone, it has as many
  /// descriptors open as before; sooner than it closes idle connections, which would hide others.
  func expectNoDescriptorLeft(after body: () async throws -> Void) async throws {
    let before = try descriptorCount()
    try await body()
    var after = 0
    do {
      try await wait(for: "\(before) descriptors", within: .seconds(8)) {
        after = try descriptorCount()
        return after == before
      }
    } catch {
      Issue.record("\(error): \(after) descriptors")
    }
  }
}
