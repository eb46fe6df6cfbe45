// A directory that is gone when the test is.

import Foundation

final class TemporaryDirectory: Sendable {
  private let url: URL

  /// - Parameter isInMemory: where a sync costs nothing.
  init(isInMemory: Bool = false) throws {
    let parent =
      isInMemory ? URL(filePath: "/dev/shm") : FileManager.default.temporaryDirectory
    url = parent.appending(path: "rollcall-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
  }

  deinit {
    try? FileManager.default.removeItem(at: url)
  }

  func path(_ name: String) -> String { url.appending(path: name).path }
}
