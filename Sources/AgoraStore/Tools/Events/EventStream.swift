import Synchronization

/// Events as they are committed, by this process or another, without an end.
///
/// Each iteration reads on its own; nothing is kept for one that is slow, since the log itself is what it
/// reads from.
public struct EventStream: AsyncSequence, Sendable {
  private let marketplace: Marketplace
  private let filter: EventFilter
  private let start: EventPosition
  private let interval: Duration

  init(
    _ marketplace: Marketplace, _ filter: EventFilter, _ start: EventPosition,
    interval: Duration
  ) {
    self.marketplace = marketplace
    self.filter = filter
    self.start = start
    self.interval = interval
  }

  /// Begins an iteration.
  public func makeAsyncIterator() -> Iterator {
    Iterator(marketplace, filter, start, interval)
  }

  /// One reader of the log.
  public struct Iterator: AsyncIteratorProtocol {
    private let marketplace: Marketplace
    private let filter: EventFilter
    private var position: EventPosition
    private let interval: Duration
    private var waiting: ArraySlice<Event> = []
    private let bell = Bell()
    private let observation: CommitObservation

    fileprivate init(
      _ marketplace: Marketplace, _ filter: EventFilter, _ position: EventPosition,
      _ interval: Duration
    ) {
      self.marketplace = marketplace
      self.filter = filter
      self.position = position
      self.interval = interval
      observation = marketplace.observeCommits { [bell] in bell.ring() }
    }

    /// The next event; nil when the task was cancelled.
    ///
    /// - Throws: ``ToolFailure`` `unavailable` or `internal` when the store cannot be read.
    public mutating func next() async throws(ToolFailure) -> Event? {
      while true {
        if let event = waiting.popFirst() { return event }
        if Task.isCancelled { return nil }
        let batch = try marketplace.events(after: position, matching: filter)
        position = batch.position
        waiting = batch.events[...]
        if waiting.isEmpty, batch.isAtEnd { await bell.wait(atMost: interval) }
      }
    }
  }
}

/// Wakes one who waits, at once when it has rung since the last time.
private final class Bell: Sendable {
  private enum State {
    case silent
    case rung
    case awaited(CheckedContinuation<Void, Never>)
  }

  private let state = Mutex(State.silent)

  func ring() {
    let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
      guard case .awaited(let waiter) = state else {
        state = .rung
        return nil
      }
      state = .silent
      return waiter
    }
    waiter?.resume()
  }

  /// Waits for the bell, for the time, or for the task to be cancelled.
  func wait(atMost time: Duration) async {
    let alarm = Task {
      try? await Task.sleep(for: time)
      ring()
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let hasRung = state.withLock { state -> Bool in
          guard case .rung = state else {
            state = .awaited(continuation)
            return false
          }
          state = .silent
          return true
        }
        if hasRung { continuation.resume() }
      }
    } onCancel: {
      ring()
    }
    alarm.cancel()
  }
}

extension Marketplace {
  /// The events behind a place, those to come included.
  ///
  /// - Parameters:
  ///   - interval: how often it looks for what other processes have committed; those of this one wake
  ///     it at once.
  public func stream(
    after position: EventPosition, matching filter: EventFilter,
    interval: Duration = .milliseconds(100)
  ) -> EventStream {
    EventStream(self, filter, position, interval: interval)
  }
}
