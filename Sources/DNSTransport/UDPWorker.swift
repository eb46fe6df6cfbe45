// One UDP socket and the thread that serves it.

import Glibc
import Logging
import Synchronization

/// Receives a batch, has it answered, sends the replies, and again, until it is stopped.
final class UDPWorker: Sendable {
  /// Batches that a stopped worker still answers of what had arrived. More may keep coming, so
  /// there must be an end.
  private static let batchesAfterStop = 64
  /// Pause after a reception failed, so that a lasting fault does not take the whole core.
  private static let pauseAfterFailure: useconds_t = 10_000

  let socket: BoundSocket
  let counters = UDPWorkerCounters()
  /// Which of the server's addresses it serves.
  private let listener: Int
  private let name: String
  private let takeDeferred: TakeDeferred?
  private let logger: Logger
  private let isStopping = Atomic(false)
  private let thread = Mutex<SystemThread?>(nil)

  init(
    socket: BoundSocket, listener: Int, name: String, takeDeferred: TakeDeferred?, logger: Logger
  ) {
    self.socket = socket
    self.listener = listener
    self.name = name
    self.takeDeferred = takeDeferred
    self.logger = logger
  }

  /// Returns once the thread has made its answerer and serves.
  func start(_ makeAnswerer: @escaping MakeAnswerer) async throws(TransportError) {
    let result: Result<Void, TransportError> = await withCheckedContinuation { continuation in
      do throws(TransportError) {
        let thread = try SystemThread.start(name: name) { [self] in
          run(makeAnswerer, started: continuation)
        }
        self.thread.withLock { $0 = thread }
      } catch {
        continuation.resume(returning: .failure(error))
      }
    }
    try result.get()
  }

  /// Makes the worker answer what has arrived and end. Returns its thread, once, to be joined.
  func stop() -> SystemThread? {
    isStopping.store(true, ordering: .releasing)
    socket.stopReceiving()
    return thread.withLock { $0.take() }
  }

  private func run(
    _ makeAnswerer: MakeAnswerer,
    started: CheckedContinuation<Result<Void, TransportError>, Never>
  ) {
    let answer: AnswerBatch
    do {
      answer = try makeAnswerer()
    } catch {
      started.resume(returning: .failure(.cannotStart(reason: "\(error)")))
      return
    }
    started.resume(returning: .success(()))
    serve(answer)
  }

  private func serve(_ answer: AnswerBatch) {
    // Not kept longer: the port is to be free when the server has stopped.
    let late = takeDeferred.map { (LateDatagrams(socket), $0) }
    var batch = UDPBatch(
      answeringFromAskedAddress: socket.address.isWildcard, listener: listener,
      counters: counters)
    var lastFailure: Int32 = 0
    while !isStopping.load(ordering: .acquiring) {
      switch serveBatch(&batch, wait: true, answer, late) {
      case .failed(let errno):
        if errno != lastFailure { log(errno) }
        lastFailure = errno
        usleep(Self.pauseAfterFailure)
      case .nothing, .exchanges:
        lastFailure = 0
      }
    }
    for _ in 0..<Self.batchesAfterStop {
      guard case .exchanges = serveBatch(&batch, wait: false, answer, late) else { break }
    }
  }

  private func serveBatch(
    _ batch: inout UDPBatch, wait: Bool, _ answer: AnswerBatch,
    _ late: (datagrams: LateDatagrams, take: TakeDeferred)?
  ) -> UDPBatch.Reception {
    let reception = batch.receive(from: socket.descriptor, wait: wait)
    if case .exchanges(let exchanges) = reception, !exchanges.isEmpty {
      answer(exchanges)
      batch.reply(to: exchanges, from: socket.descriptor)
      if let late { batch.handOverDeferred(of: exchanges, late.datagrams, to: late.take) }
    }
    counters.rounds.add(1)
    return reception
  }

  /// A fault that lasts is logged once.
  private func log(_ errno: Int32) {
    logger.error(
      "DNS over UDP can't receive",
      metadata: ["address": "\(socket.address)", "reason": "\(errorText(errno))"])
  }
}
