// A directory on a disk that fails as a test wants, and that knows what would survive a power cut.

import CFaultyVFS
import Foundation
import RegistryStorage
import Synchronization

/// What SQLite and the store do with files in this directory goes through here. Files elsewhere are
/// on the usual disk.
final class FaultyDisk: Sendable {
  enum Call: CaseIterable, Sendable {
    // As CFaultyVFS numbers them.
    case open, read, write, truncate, sync, delete, lock, mapIndex, lockIndex
    // What the store does by itself.
    case rename, remove, syncDirectory
  }

  /// Which calls fail, and how.
  struct Fault: Sendable {
    let call: Call
    /// SQLite's, not zero; the store's own calls fail with EIO.
    let code: Int32
    /// The number of the first one that fails, from 1.
    let first: Int
    /// Whether all fail that come after it, too.
    let isLasting: Bool
  }

  /// Files by name.
  typealias Image = [String: Data]

  /// Of the directory.
  fileprivate enum Change {
    case made(String, synced: Data)
    case removed(String)
    case renamed(from: String, to: String, synced: Data)

    /// Whether the name is there after it; nil if it is not concerned.
    func leaves(_ name: String) -> Bool? {
      switch self {
      case .made(let made, _): made == name ? true : nil
      case .removed(let removed): removed == name ? false : nil
      case .renamed(let from, let to, _): to == name ? true : from == name ? false : nil
      }
    }

    func synced(_ content: Data) -> Change {
      switch self {
      case .made(let name, _): .made(name, synced: content)
      case .removed: self
      case .renamed(let from, let to, _): .renamed(from: from, to: to, synced: content)
      }
    }
  }

  private struct State {
    var fault: Fault?
    var seen = 0
    var hits = 0
    var durable: Image = [:]
    /// Changes of the directory that are not synced yet.
    var changes: [Change] = []
    var images: [Image]?

    /// The file's content is durable, but not its name: SQLite syncs the directory with a new
    /// file, and does not look whether that has succeeded.
    mutating func sync(_ name: String, _ content: Data) {
      let last = changes.lastIndex { $0.leaves(name) != nil }
      if let last, changes[last].leaves(name) == true {
        changes[last] = changes[last].synced(content)
      } else if last == nil, durable[name] != nil {
        durable[name] = content
      } else {
        changes.append(.made(name, synced: content))
      }
    }

    /// What is there if nothing is lost but what was not synced.
    var image: Image { changes.reduce(into: durable) { $0.apply($1) } }

    mutating func syncDirectory() {
      durable = image
      changes = []
    }
  }

  let directory: TemporaryDirectory
  private let state = Mutex(State())

  /// - Parameter body: has the disk to itself.
  static func with(_ body: (FaultyDisk) async throws -> Void) async throws {
    _ = installation
    let disk = try FaultyDisk()
    let place = place(of: URL(filePath: disk.path))
    disks.withLock { $0[place] = disk }
    defer { _ = disks.withLock { $0.removeValue(forKey: place) } }
    try await body(disk)
  }

  /// The directory of a file.
  private static func place(of file: URL) -> String { file.deletingLastPathComponent().path }

  private init() throws {
    directory = try TemporaryDirectory(isInMemory: true)
  }

  var path: String { directory.path("rollcall.db") }

  // MARK: Faults

  /// From now on calls fail as `fault` says; nil: none does.
  func set(_ fault: Fault?) {
    state.withLock {
      $0.fault = fault
      $0.seen = 0
      if fault != nil { $0.hits = 0 }
    }
  }

  /// How many calls have failed since a fault was set.
  var hits: Int { state.withLock(\.hits) }

  private static let disks = Mutex<[String: FaultyDisk]>([:])

  /// SQLite has the way over this disk for its default from now on.
  private static let installation: Void = {
    let code = CFaultyVFSInstall { call, path, isDone in
      guard let path else { return 0 }
      let url = URL(filePath: String(cString: path))
      guard let disk = disks.withLock({ $0[place(of: url)] }) else { return 0 }
      let call = Call.allCases[Int(call.rawValue)]
      guard isDone != 0 else { return disk.failure(of: call) }
      disk.note(call, url)
      return 0
    }
    precondition(code == 0, "SQLite takes another way to the disk")
  }()

  /// - Returns: SQLITE_OK, or the error that the call is to fail with.
  private func failure(of call: Call) -> Int32 {
    state.withLock { state in
      guard let fault = state.fault, fault.call == call else { return 0 }
      state.seen += 1
      guard state.seen == fault.first || state.seen > fault.first && fault.isLasting else {
        return 0
      }
      state.hits += 1
      return fault.code
    }
  }

  /// What the store does beside SQLite.
  var calls: FileCalls {
    FileCalls(
      rename: { [self] from, to throws(FileError) in
        try check(.rename)
        try FileCalls.system.rename(from, to)
        // A file that was never synced may have nothing in it.
        let synced = state.withLock { $0.image[Self.name(from)] } ?? Data()
        change(.renamed(from: Self.name(from), to: Self.name(to), synced: synced))
      },
      remove: { [self] path throws(FileError) in
        try check(.remove)
        try FileCalls.system.remove(path)
        change(.removed(Self.name(path)))
      },
      syncDirectory: { [self] path throws(FileError) in
        try check(.syncDirectory)
        try FileCalls.system.syncDirectory(path)
        state.withLock { $0.syncDirectory() }
        recordImages()
      })
  }

  private func check(_ call: Call) throws(FileError) {
    guard failure(of: call) == 0 else { throw FileError("\(call)", EIO) }
  }

  private static func name(_ path: String) -> String { URL(filePath: path).lastPathComponent }

  // MARK: What survives

  private func note(_ call: Call, _ url: URL) {
    switch call {
    case .sync:
      let content = FileManager.default.contents(atPath: url.path) ?? Data()
      state.withLock { $0.sync(url.lastPathComponent, content) }
      recordImages()
    case .delete: change(.removed(url.lastPathComponent))
    default: break
    }
  }

  private func change(_ change: Change) {
    state.withLock { $0.changes.append(change) }
    recordImages()
  }

  /// What a power cut would leave now: all that was synced, and of the other changes of the
  /// directory those before any point.
  var images: [Image] {
    state.withLock { state in
      var image = state.durable
      return [image]
        + state.changes.map { change in
          image.apply(change)
          return image
        }
    }
  }

  /// What a crash of the program would leave now.
  func current() throws -> Image {
    let url = URL(filePath: path).deletingLastPathComponent()
    return try FileManager.default.contentsOfDirectory(atPath: url.path)
      .reduce(into: [:]) { $0[$1] = try Data(contentsOf: url.appending(path: $1)) }
  }

  private func recordImages() {
    guard state.withLock({ $0.images != nil }) else { return }
    let images = images
    state.withLock { $0.images?.append(contentsOf: images) }
  }

  /// Keeps what a power cut would have left at any moment from now on.
  func beginRecording() {
    state.withLock { $0.images = [] }
  }

  func endRecording() -> [Image] {
    state.withLock { state in
      defer { state.images = nil }
      return state.images ?? []
    }
  }
}

extension FaultyDisk.Image {
  fileprivate mutating func apply(_ change: FaultyDisk.Change) {
    switch change {
    case .made(let name, let synced): self[name] = synced
    case .removed(let name): self[name] = nil
    case .renamed(let from, let to, let synced):
      self[from] = nil
      self[to] = synced
    }
  }

  /// Opens what is left of the store, on a disk that works.
  func withStore(_ body: (SQLiteStore) async throws -> Void) async throws {
    let directory = try TemporaryDirectory(isInMemory: true)
    for (name, content) in self {
      try content.write(to: URL(filePath: directory.path(name)))
    }
    try await body(SQLiteStore(path: directory.path("rollcall.db")))
  }
}
