// Where the files of the repository are that tests use as they stand.

import Foundation

enum Repository {
  static func path(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../\(name)").standardized.path
  }
}
