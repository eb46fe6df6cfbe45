// The octets of a file that zone data comes from.

import Glibc

/// Why a file was not read.
struct SourceFileError: Error {
  let reason: String
}

/// Opens and reads files; a file is closed on every way out.
struct SourceFile: ~Copyable {
  private static let chunkLength = 1 << 20
  private let descriptor: CInt

  init(path: String) throws(SourceFileError) {
    // O_NONBLOCK: without it a FIFO with no writer would hold us up before it can be refused.
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw SourceFileError(reason: errorText()) }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// All octets of the file, at most `limit`.
  func contents(limit: Int) throws(SourceFileError) -> [UInt8] {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw SourceFileError(reason: errorText()) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw SourceFileError(reason: "it is not a regular file")
    }
    let tooLong = SourceFileError(
      reason: "the zone would be more than \(ZoneFile.octetLimit) octets")
    guard status.st_size <= limit else { throw tooLong }
    var octets: [UInt8] = []
    octets.reserveCapacity(Int(status.st_size))
    // To the end, not to st_size: the file may have grown since.
    while true {
      let chunk = try nextChunk()
      guard !chunk.isEmpty else { return octets }
      guard octets.count + chunk.count <= limit else { throw tooLong }
      octets += chunk
    }
  }

  private func nextChunk() throws(SourceFileError) -> [UInt8] {
    var failure: SourceFileError?
    let chunk = [UInt8](unsafeUninitializedCapacity: Self.chunkLength) { buffer, count in
      let length = read(descriptor, buffer.baseAddress, buffer.count)
      if length < 0 { failure = SourceFileError(reason: errorText()) }
      count = max(0, length)
    }
    if let failure { throw failure }
    return chunk
  }

  /// `path` without symbolic links, `.` and `..`.
  static func resolve(_ path: String) throws(SourceFileError) -> String {
    guard let resolved = realpath(path, nil) else { throw SourceFileError(reason: errorText()) }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// The directory part of `path`, ending in a slash; empty for a bare file name.
  static func directory(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
  }
}
