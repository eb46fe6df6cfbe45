// Where dnstap messages go: libfstrm's writer thread.

import CFstrm
package import DNSTransport
import DNSWire
import Glibc
import Synchronization

/// Hands dnstap messages to a thread of libfstrm, which writes them as Frame Streams to a file or
/// to a collector's Unix socket. It connects again when the collector comes back.
///
/// Frames that find the queue full, or no collector, are lost: answers come first. Those that find
/// it full are counted.
package final class DnstapOutput: Sendable {
  /// Frames that wait to be written.
  static let queueLimit: UInt32 = 4_096
  /// Octets that they may hold.
  static let octetLimit = 32 * 1024 * 1024
  private static let contentType = "protobuf:dnstap.Dnstap"
  /// Seconds between attempts to reach a collector.
  private static let reopenInterval: UInt32 = 1

  let every: Int
  private let identity: [UInt8]
  private let version: [UInt8]
  // libfstrm's objects; the queue takes frames of several threads.
  nonisolated(unsafe) private let thread: OpaquePointer
  nonisolated(unsafe) private let queue: OpaquePointer
  private let isOpen = Atomic(true)
  /// Octets and port of each address of the server, made once: a frame only points to them.
  private let listeners = Mutex<[(octets: [UInt8], port: UInt16)]>([])
  private let frames = Atomic(0)
  private let dropped = Atomic(0)
  /// Octets that libfstrm has and has not freed.
  private let waiting = Atomic(0)

  /// A file that is there already is kept beside, with `.old` after its name.
  ///
  /// - Parameters:
  ///   - identity: tells servers apart for the collector; may be empty.
  ///   - version: of this program.
  package init(
    _ settings: DnstapSettings, identity: String, version: String
  ) throws(DnstapError) {
    guard let options = fstrm_writer_options_init() else { throw .noMemory }
    var writerOptions: OpaquePointer? = options
    defer { fstrm_writer_options_destroy(&writerOptions) }
    _ = fstrm_writer_options_add_content_type(
      options, Self.contentType, Self.contentType.utf8.count)
    var writer = try Self.writer(for: settings.sink, options)
    (thread, queue) = try Self.start(&writer)
    every = settings.every
    self.identity = Array(identity.utf8)
    self.version = Array(version.utf8)
  }

  private static func writer(
    for sink: DnstapSettings.Sink, _ options: OpaquePointer
  ) throws(DnstapError) -> OpaquePointer? {
    switch sink {
    case .socket(let path):
      var socketOptions = fstrm_unix_writer_options_init()
      defer { fstrm_unix_writer_options_destroy(&socketOptions) }
      fstrm_unix_writer_options_set_socket_path(socketOptions, path)
      return fstrm_unix_writer_init(socketOptions, options)
    case .file(let path):
      try makeWay(for: path)
      var fileOptions = fstrm_file_options_init()
      defer { fstrm_file_options_destroy(&fileOptions) }
      fstrm_file_options_set_file_path(fileOptions, path)
      return fstrm_file_writer_init(fileOptions, options)
    }
  }

  /// libfstrm would write over the file, and say nothing if it can't.
  private static func makeWay(for path: String) throws(DnstapError) {
    guard rename(path, path + ".old") == 0 || errno == ENOENT else {
      throw .file(path, reason: String(cString: strerror(errno)))
    }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else { throw .file(path, reason: String(cString: strerror(errno))) }
    close(descriptor)
  }

  private static func start(
    _ writer: inout OpaquePointer?
  ) throws(DnstapError) -> (thread: OpaquePointer, queue: OpaquePointer) {
    var options = fstrm_iothr_options_init()
    defer { fstrm_iothr_options_destroy(&options) }
    _ = fstrm_iothr_options_set_queue_model(options, FSTRM_IOTHR_QUEUE_MODEL_MPSC)
    _ = fstrm_iothr_options_set_input_queue_size(options, queueLimit)
    _ = fstrm_iothr_options_set_reopen_interval(options, reopenInterval)
    guard let thread = fstrm_iothr_init(options, &writer),
      let queue = fstrm_iothr_get_input_queue(thread)
    else { throw .noMemory }
    return (thread, queue)
  }

  /// The addresses that exchanges refer to by their place. To be called before the first exchange.
  package func setListeners(_ addresses: [ListenAddress]) {
    listeners.withLock { $0 = addresses.map { ($0.answeringOctets, $0.port) } }
  }

  /// Frames that were handed to the writer since the start.
  package var frameCount: Int { frames.load(ordering: .relaxed) }

  /// Frames that found its queue full since the start.
  package var droppedCount: Int { dropped.load(ordering: .relaxed) }

  /// Writes what waits, and ends. No other call may be under way, and none may follow.
  package func end() {
    guard isOpen.exchange(false, ordering: .relaxed) else { return }
    var thread: OpaquePointer? = thread
    fstrm_iothr_destroy(&thread)
  }

  func add(_ exchange: Exchange, isForwarded: Bool, began: timespec, ended: timespec) {
    let listener = listeners.withLock { listeners in
      listeners.indices.contains(exchange.listener) ? listeners[exchange.listener] : nil
    }
    let message = DnstapMessage(
      exchange: exchange, isForwarded: isForwarded, server: listener?.octets ?? [],
      serverPort: listener?.port ?? 0, began: began, ended: ended, identity: identity,
      version: version)
    add(message)
  }

  private func add(_ message: DnstapMessage) {
    let size = message.room
    guard waiting.load(ordering: .relaxed) + size <= Self.octetLimit,
      let frame = DnstapFrame.allocate(size, countedBy: self)
    else {
      dropped.add(1, ordering: .relaxed)
      return
    }
    waiting.add(size, ordering: .relaxed)
    let octets = message.write(into: frame.octets)
    let result = fstrm_iothr_submit(
      thread, queue, octets.baseAddress, octets.count, DnstapFrame.free, frame.start)
    guard result == fstrm_res_success else {
      frame.free()
      dropped.add(1, ordering: .relaxed)
      return
    }
    frames.add(1, ordering: .relaxed)
  }

  fileprivate func noteFreed(_ size: Int) {
    waiting.subtract(size, ordering: .relaxed)
  }
}

package enum DnstapError: Error, Equatable {
  case noMemory
  case file(String, reason: String)
}

/// Memory of a frame, which libfstrm gives back when it is written, with what must be told then
/// before it. It does not hold the output, which outlives all frames.
private struct DnstapFrame {
  private struct Head {
    let output: Unmanaged<DnstapOutput>
    let size: Int
  }

  let start: UnsafeMutableRawPointer

  static func allocate(_ size: Int, countedBy output: DnstapOutput) -> DnstapFrame? {
    guard let start = malloc(MemoryLayout<Head>.stride + size) else { return nil }
    start.initializeMemory(as: Head.self, to: Head(output: .passUnretained(output), size: size))
    return DnstapFrame(start: start)
  }

  var octets: UnsafeMutableRawPointer { start + MemoryLayout<Head>.stride }

  func free() {
    let head = start.load(as: Head.self)
    head.output.takeUnretainedValue().noteFreed(head.size)
    Glibc.free(start)
  }

  static let free: @convention(c) (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) -> Void = {
    _, start in
    if let start { DnstapFrame(start: start).free() }
  }
}
