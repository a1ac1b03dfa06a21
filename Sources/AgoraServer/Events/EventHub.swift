public import AgoraStore
import Synchronization

/// Brings events to all clients that wait for some, as they are committed, by this process or another.
///
/// One thread reads the log, once for all clients that are at the same place.
public final class EventHub: Sendable {
  /// What the time asks for, in milliseconds.
  public struct Rules: Sendable {
    /// How often it looks for what other processes have committed.
    public var interval: Int32 = 100
    /// How long a client may have no room for the next event.
    public var patience: Int64 = 20_000
    /// After how long a silent stream shows that it stands.
    public var keepAlive: Int64 = 15_000
    /// How often a client is asked again whether it may look.
    public var recheck: Int64 = 30_000
    /// Whether a thread goes round; a test goes round itself.
    var hasThread = true

    /// The rules that are documented.
    public init() {}
  }

  private struct State {
    var feeds: [ObjectIdentifier: EventFeed] = [:]
    var isRunning = false
    var hasEnded = false
  }

  let marketplace: Marketplace
  let rules: Rules
  let milliseconds: @Sendable () -> Int64
  private let state = Mutex(State())
  private let bell: Doorbell
  private let observation: CommitObservation

  /// Makes a hub; its thread begins with the first client.
  ///
  /// - Parameter milliseconds: a clock that only goes forward.
  /// - Throws: ``AgoraError`` `io` when the system has no pipe.
  public init(
    _ marketplace: Marketplace, rules: Rules = Rules(),
    milliseconds: @escaping @Sendable () -> Int64 = ServerConfiguration().milliseconds
  ) throws(AgoraError) {
    self.marketplace = marketplace
    self.rules = rules
    self.milliseconds = milliseconds
    do throws(SystemError) { bell = try Doorbell() } catch {
      throw AgoraError(.io, error.description)
    }
    observation = marketplace.observeCommits { [bell] in bell.ring() }
  }

  /// How many feeds there are.
  var count: Int { state.withLock { $0.feeds.count } }

  /// Takes a feed in; it gets what is behind its place at once.
  func add(_ feed: EventFeed) throws(SystemError) {
    let starts = state.withLock { state in
      state.feeds[ObjectIdentifier(feed)] = feed
      defer { state.isRunning = rules.hasThread }
      return rules.hasThread && !state.isRunning
    }
    if starts {
      do throws(SystemError) {
        try SystemThread.start { [weak self] in Self.run { [weak self] in self } }
      } catch {
        state.withLock { state in
          state.isRunning = false
          state.feeds[ObjectIdentifier(feed)] = nil
        }
        throw error
      }
    }
    bell.ring()
  }

  /// Ends the thread, and waits for it for a moment; feeds get nothing more.
  public func stop() {
    state.withLock { $0.hasEnded = true }
    bell.ring()
    for _ in 0..<200 where state.withLock({ $0.isRunning }) { System.pause(milliseconds: 5) }
  }

  /// Waits and goes round until the hub is stopped or nobody holds it any more.
  private static func run(_ hub: () -> EventHub?) {
    while let hub = hub(), !hub.state.withLock({ $0.hasEnded }) {
      hub.bell.wait(milliseconds: hub.rules.interval)
      hub.goRound()
    }
    hub()?.state.withLock { $0.isRunning = false }
  }

  /// Brings every feed as far as its client takes it.
  func goRound() {
    let now = milliseconds()
    var behind = feedsByPosition()
    while !behind.isEmpty {
      var next: [EventPosition: [EventFeed]] = [:]
      for (position, feeds) in behind {
        do throws(ToolFailure) {
          let batch = try marketplace.events(after: position, matching: EventFilter())
          for feed in feeds where feed.take(batch, now: now) && !batch.isAtEnd {
            next[batch.position, default: []].append(feed)
          }
        } catch {
          for feed in feeds { feed.end(.failed(error.message)) }
        }
      }
      behind = next
    }
    for feed in state.withLock({ Array($0.feeds.values) }) { feed.lookAtClock(now, rules) }
  }

  /// The feeds that go on, by their places; the others are let go.
  private func feedsByPosition() -> [EventPosition: [EventFeed]] {
    state.withLock { state in
      var places: [EventPosition: [EventFeed]] = [:]
      for (key, feed) in state.feeds {
        if feed.isOver {
          state.feeds[key] = nil
        } else if let position = feed.position {
          places[position, default: []].append(feed)
        }
      }
      return places
    }
  }
}
