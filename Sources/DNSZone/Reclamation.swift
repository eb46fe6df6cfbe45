// When memory that readers may still be looking at can be freed: quiescent-state reclamation.
//
// A reader is online while it may hold pointers into published memory, offline otherwise; going
// online it notes the current epoch. The writer unlinks a block and retires it, whichever comes
// first, which stamps it with the epoch; then, on collecting, the epoch moves on. A reader that
// went online in a later epoch can't reach the block, so it is freed once every online reader's
// epoch is later than the block's stamp. Readers never wait; an idle reader is offline and stops
// nothing.
//
// Why the order holds: a reader's store of its epoch and its first load of published memory are
// separated by a sequentially consistent fence, and so are the writer's unlinking and its look at
// the readers. Either the writer sees the reader online, or the reader sees the block unlinked.

import Synchronization

/// The readers of published memory, and what waits until they have moved on.
///
/// ``register()`` may be called from any thread; retiring and collecting belong to the one writer.
package final class Reclamation: @unchecked Sendable {
  // Sound: `waiting` is touched by the one writer only, all else is atomic or constant.

  /// Threads that can read at the same time.
  package static let readerLimit = 256

  private struct ReaderState: ~Copyable {
    /// The epoch noted when going online; 0 while offline.
    let epoch = Atomic<UInt64>(0)
    let isTaken = Atomic<Bool>(false)
  }

  /// Two cache lines a reader, so that one's coming and going does not slow the others.
  private static let readerStride = 128
  private let readers: UnsafeMutableRawPointer
  private let epoch = Atomic<UInt64>(1)
  private var waiting: [(epoch: UInt64, retired: Retired)] = []
  /// How many of the first in ``waiting`` are freed.
  private var freed = 0
  /// Blocks that are freed at once: a large zone that was replaced must not hold the writer up.
  private static let sliceLimit = 10_000

  package init() {
    readers = .allocate(byteCount: Self.readerLimit * Self.readerStride, alignment: 128)
    for index in 0..<Self.readerLimit {
      state(index).initialize(to: ReaderState())
    }
  }

  deinit {
    for (_, retired) in waiting[freed...] { retired.free() }
    readers.deallocate()
  }

  private func state(_ index: Int) -> UnsafeMutablePointer<ReaderState> {
    (readers + index * Self.readerStride).assumingMemoryBound(to: ReaderState.self)
  }

  /// Takes a reader's place for the calling thread.
  /// - Returns: nil when ``readerLimit`` places are taken.
  package func register() -> Reader? {
    for index in 0..<Self.readerLimit {
      let isFree = state(index).pointee.isTaken.compareExchange(
        expected: false, desired: true, ordering: .acquiringAndReleasing
      ).exchanged
      if isFree { return Reader(self, index) }
    }
    return nil
  }

  /// One thread's place among the readers; given back when released.
  package final class Reader {
    private let owner: Reclamation
    private let index: Int

    fileprivate init(_ owner: Reclamation, _ index: Int) {
      self.owner = owner
      self.index = index
    }

    deinit {
      goOffline()
      owner.state(index).pointee.isTaken.store(false, ordering: .releasing)
    }

    /// From here on, published memory may be read.
    package func goOnline() {
      let now = owner.epoch.load(ordering: .acquiring)
      owner.state(index).pointee.epoch.store(now, ordering: .releasing)
      atomicMemoryFence(ordering: .sequentiallyConsistent)
    }

    /// Nothing that was read is used any more.
    package func goOffline() {
      owner.state(index).pointee.epoch.store(0, ordering: .releasing)
    }
  }

  /// What the writer has unlinked, and how it is freed.
  enum Retired {
    case memory(UnsafeMutableRawPointer)
    case action(() -> Void)

    fileprivate func free() {
      switch self {
      case .memory(let memory): memory.deallocate()
      case .action(let action): action()
      }
    }
  }

  /// Frees, once no reader can hold it, what no reader finds any more when ``collect()`` is called
  /// the next time.
  func retire(_ retired: Retired) {
    waiting.append((epoch.load(ordering: .relaxed), retired))
  }

  /// Frees of what no reader can hold any more up to ``sliceLimit`` blocks. Cheap when nothing
  /// waits.
  func collect() {
    guard !waiting.isEmpty else { return }
    epoch.wrappingAdd(1, ordering: .sequentiallyConsistent)
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    let oldest = (0..<Self.readerLimit).reduce(UInt64.max) { oldest, index in
      let noted = state(index).pointee.epoch.load(ordering: .acquiring)
      return noted == 0 ? oldest : min(oldest, noted)
    }
    let limit = min(freed + Self.sliceLimit, waiting.count)
    while freed < limit, waiting[freed].epoch < oldest {
      waiting[freed].retired.free()
      freed += 1
    }
    // Moving the rest up costs no more than freeing did.
    guard freed * 2 >= waiting.count else { return }
    waiting.removeFirst(freed)
    freed = 0
  }

  /// Blocks that wait for readers.
  package var waitingCount: Int { waiting.count - freed }
}
