import AgoraStore
import Synchronization

/// Lets requests run beside each other that only look, and each that writes alone, in the order in which
/// they came.
///
/// A client may send on without waiting: what it sends behind a write meets what was written, as it
/// would if it had waited, and reading is never stopped by a call that takes long.
final class MCPQueue: Sendable {
  /// Whether a request changes anything.
  enum Kind: Sendable {
    case reads, writes
  }

  private struct Job {
    let kind: Kind
    let work: @Sendable () -> Void
  }

  private struct State {
    var waiting: [Job] = []
    var first = 0
    var running = 0
    var isWriting = false

    /// Takes the next job where it may begin now.
    mutating func next(atOnce: Int) -> Job? {
      guard first < waiting.count else { return nil }
      let job = waiting[first]
      let mayBegin = job.kind == .writes ? running == 0 : !isWriting && running < atOnce
      guard mayBegin else { return nil }
      first += 1
      if first > 64, first * 2 > waiting.count {
        waiting.removeFirst(first)
        first = 0
      }
      running += 1
      isWriting = job.kind == .writes
      return job
    }
  }

  private let state = Mutex(State())
  private let atOnce: Int

  /// - Parameter atOnce: how many requests that only look run beside each other.
  init(atOnce: Int = 4) { self.atOnce = atOnce }

  /// How many requests wait or run.
  var count: Int { state.withLock { $0.waiting.count - $0.first + $0.running } }

  /// Runs work on a thread of its own as soon as it may begin.
  func add(_ kind: Kind, _ work: @escaping @Sendable () -> Void) {
    state.withLock { $0.waiting.append(Job(kind: kind, work: work)) }
    begin()
  }

  /// Forgets what has not begun.
  func clear() {
    state.withLock { state in
      state.waiting = []
      state.first = 0
    }
  }

  private func begin() {
    while let job = state.withLock({ $0.next(atOnce: atOnce) }) {
      do throws(SystemError) {
        try SystemThread.start { [self] in
          job.work()
          finish()
        }
      } catch {
        // Without a thread to be had, the one that reads has to do it.
        job.work()
        finish(begins: false)
      }
    }
  }

  private func finish(begins: Bool = true) {
    state.withLock { state in
      state.running -= 1
      if state.running == 0 { state.isWriting = false }
    }
    if begins { begin() }
  }
}
