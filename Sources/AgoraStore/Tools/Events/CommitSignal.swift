import Synchronization

/// Tells those who wait for events that a transaction with some has been committed by this process.
final class CommitSignal: Sendable {
  private struct State {
    var next = 0
    var observers: [Int: @Sendable () -> Void] = [:]
  }

  private let state = Mutex(State())

  /// Calls `body` after each commit, on the thread that committed, until the number is given back.
  func observe(_ body: @escaping @Sendable () -> Void) -> Int {
    state.withLock { state in
      state.next += 1
      state.observers[state.next] = body
      return state.next
    }
  }

  /// Ends an observation.
  func forget(_ number: Int) {
    state.withLock { _ = $0.observers.removeValue(forKey: number) }
  }

  func signal() {
    // Called outside of the lock: an observer may end its own observation.
    let observers = state.withLock { Array($0.observers.values) }
    for observer in observers { observer() }
  }
}
