import AgoraStore
import Synchronization

/// One client's way through the log of events: what it wants, how far it has got, and how it is told.
///
/// The log itself is its queue: a client that is slow is waited for, and nothing is kept for it.
final class EventFeed: Sendable {
  /// Why a feed ends from this side.
  enum End: Sendable, Equatable {
    /// The client has taken nothing for too long; the id of the last event that it got.
    case tooSlow(after: String?)
    /// The log cannot be read.
    case failed(String)
    /// The client's token was revoked or has expired.
    case unauthorized
  }

  /// How a client is told.
  struct Client: Sendable {
    /// Sends an event.
    let send: @Sendable (Event) -> ClientStream.Delivery
    /// Shows that the connection stands, where nothing else does.
    let keepAlive: @Sendable () -> Void
    /// Ends the client's connection.
    let end: @Sendable (End) -> Void
    /// Bytes that wait for the client.
    let waitingBytes: @Sendable () -> Int
    /// Whether the client may still look.
    let isAllowed: @Sendable () -> Bool
  }

  private struct State {
    var position: EventPosition
    var lastEvent: String?
    var isOver = false
    /// Since when the client has had no room, and how many bytes waited then.
    var full: (since: Int64, bytes: Int)?
    var lastSent: Int64
    var lastChecked: Int64
  }

  let filter: EventFilter
  private let client: Client
  private let state: Mutex<State>

  /// Makes a feed that begins behind a place.
  init(_ filter: EventFilter, after position: EventPosition, now: Int64, _ client: Client) {
    self.filter = filter
    self.client = client
    state = Mutex(State(position: position, lastSent: now, lastChecked: now))
  }

  /// Whether the feed goes on.
  var isOver: Bool { state.withLock { $0.isOver } }

  /// Where the feed goes on; nil when it is over, or while its client has too much to read.
  var position: EventPosition? {
    let waiting = client.waitingBytes()
    return state.withLock { state in
      if state.isOver { return nil }
      if let full = state.full, waiting > full.bytes / 2 { return nil }
      return state.position
    }
  }

  /// Ends the feed without a word; may be called on any thread.
  func stop() { state.withLock { $0.isOver = true } }

  /// Sends what the feed wants of a batch that begins at its place.
  ///
  /// - Returns: whether the client has taken all of it.
  func take(_ batch: EventBatch, now: Int64) -> Bool {
    for event in batch.events where filter.matches(event) {
      guard !isOver else { return false }
      switch client.send(event) {
      case .taken:
        state.withLock { state in
          state.position = EventPosition(behind: event)
          state.lastEvent = event.id
          state.full = nil
          state.lastSent = now
        }
      case .full:
        let waiting = client.waitingBytes()
        state.withLock { $0.full = ($0.full?.since ?? now, waiting) }
        return false
      case .closed:
        stop()
        return false
      }
    }
    state.withLock { state in
      state.position = batch.position
      state.full = nil
    }
    return true
  }

  /// Does what the time asks for: a sign of life, or the end of a client that is too slow.
  func lookAtClock(_ now: Int64, _ rules: EventHub.Rules) {
    enum Due { case nothing, keepAlive, check, end(String?) }
    let due = state.withLock { state -> Due in
      if state.isOver { return .nothing }
      if now - state.lastChecked >= rules.recheck {
        state.lastChecked = now
        return .check
      }
      if let full = state.full, now - full.since >= rules.patience {
        state.isOver = true
        return .end(state.lastEvent)
      }
      guard now - state.lastSent >= rules.keepAlive else { return .nothing }
      state.lastSent = now
      return .keepAlive
    }
    switch due {
    case .nothing: break
    case .keepAlive: client.keepAlive()
    case .check: if !client.isAllowed() { end(.unauthorized) }
    case .end(let last): client.end(.tooSlow(after: last))
    }
  }

  /// Ends the feed and its client's connection; once.
  func end(_ end: End) {
    let wasOver = state.withLock { state in
      defer { state.isOver = true }
      return state.isOver
    }
    if !wasOver { client.end(end) }
  }
}
