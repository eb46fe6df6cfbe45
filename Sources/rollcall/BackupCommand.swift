// `rollcall backup`: all that is stored as one file.

import ArgumentParser
import JSONText
import RegistryStorage

struct BackupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Copy a server's database, also while it runs.",
    discussion: """
      The copy holds all that was acknowledged when the command began. It is checked, synced and \
      for its owner alone to read, and it is a database as the server's own. To restore it, stop \
      the server, remove rollcall.db-wal, rollcall.db-shm and rollcall.db.whole from the data \
      directory, and put the copy there as rollcall.db, owned by the server's user.

      EXAMPLES
        rollcall backup --to /backup/rollcall-2026-01-31.db
        rollcall backup --data /var/lib/rollcall --to copy.db --json
      """)

  @OptionGroup var place: DataPlace

  @Option(help: "The file to make. It must not be there yet.")
  var to: String

  @Flag(help: "Say what was done as JSON.")
  var json = false

  func run() async throws {
    try await orOneLine {
      let directory = try await place.settings().dataDirectory
      let progress = ProgressLine("copied")
      defer { progress.end() }
      try StoreSnapshot(directory: directory).backUp(to: to, progress: progress.show)
      print(json ? JSON.object([("file", .string(to))]).line : "all that is stored is in \(to)")
    }
  }
}
