import AgoraStore
import CompatProxy
import Synchronization

/// The log of v4's module over HTTP: what there is as one body, what comes as a stream without an end.
final class SpacetimeLogs: Sendable {
  /// How many lines one reading gives at most.
  private static let page = 500
  /// Milliseconds between two looks for new lines.
  private static let interval: Int32 = 200

  private struct Follower {
    let stream: ClientStream
    let isGone: Flag
    let standing: Standing
    var place: Int64
    /// When that was asked last, in seconds that only go forward.
    var checkedAt: Double
  }

  /// What a stream's end sets.
  private final class Flag: Sendable {
    private let value = Atomic<Bool>(false)
    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
  }

  private struct State {
    var followers: [Follower] = []
    var isRunning = false
  }

  private let store: Store
  private let recheck: Double
  private let state = Mutex(State())

  /// Makes it of a store.
  ///
  /// - Parameter recheck: after how many seconds it is asked again whether a follower may still look.
  init(_ store: Store, recheck: Double = 5) {
    self.store = store
    self.recheck = recheck
  }

  /// Answers `?num_lines=N&follow=BOOL`.
  ///
  /// - Parameter standing: whether the caller may still look.
  /// - Throws: ``SpacetimeReply`` 400 for parameters that are none, 503 where the store cannot be read.
  func read(
    _ routed: RoutedRequest, as standing: Standing
  ) throws(SpacetimeReply) -> SpacetimeReply {
    var count: Int?
    var follows = false
    for (name, value) in routed.request.target.parameters {
      switch (name, value) {
      case ("num_lines", _):
        guard let number = UInt32(value) else {
          throw .text(400, "Failed to deserialize query string: invalid digit found in string")
        }
        count = Int(number)
      case ("follow", "true"): follows = true
      case ("follow", "false"): follows = false
      case ("follow", _):
        throw .text(
          400, "Failed to deserialize query string: provided string was not `true` or `false`")
      default: continue
      }
    }
    let start: Int64
    do {
      start = try store.read { [count] connection in
        try count.map { try LegacyLog(connection).place(ofLast: $0) } ?? 0
      }
    } catch { throw .text(503, "the store cannot be read: \(ToolFailure(error).message)") }
    let head = [("Content-Type", "application/x-ndjson"), ("Cache-Control", "no-cache")]
    guard !follows else {
      return SpacetimeReply(
        response: HTTPResponse(
          200, head, body: .stream { self.follow($0, after: start, as: standing) }))
    }
    let place = Place(start)
    return SpacetimeReply(
      response: HTTPResponse(
        200, head,
        body: .pieces { [store] in
          let (lines, end) = try Self.lines(of: store, after: place.value)
          place.value = end
          return lines.isEmpty ? nil : lines
        }))
  }

  /// Where a body stands, for its pieces.
  private final class Place: Sendable {
    private let state: Mutex<Int64>
    init(_ value: Int64) { state = Mutex(value) }
    var value: Int64 {
      get { state.withLock { $0 } }
      set { state.withLock { $0 = newValue } }
    }
  }

  /// The next lines behind a place, and where they end.
  private static func lines(of store: Store, after start: Int64) throws -> ([UInt8], Int64) {
    try store.read { connection in
      var (bytes, end): ([UInt8], Int64) = ([], start)
      try LegacyLog(connection).each(after: start, atMost: page) { line in
        JSONWriter.write(line.json, into: &bytes)
        bytes.append(0x0a)
        end = line.seq
      }
      return (bytes, end)
    }
  }

  // MARK: followers

  private func follow(
    _ stream: ClientStream, after start: Int64, as standing: Standing
  ) {
    let isGone = Flag()
    stream.whenClosed { isGone.set() }
    let starts = state.withLock { state in
      state.followers.append(
        Follower(
          stream: stream, isGone: isGone, standing: standing, place: start,
          checkedAt: System.monotonicSeconds()))
      defer { state.isRunning = true }
      return !state.isRunning
    }
    guard starts else { return }
    do throws(SystemError) { try SystemThread.start { self.run() } } catch {
      state.withLock { state in
        state.isRunning = false
        for follower in state.followers { follower.stream.finish() }
        state.followers = []
      }
    }
  }

  /// Brings lines to all who follow, until none does.
  private func run() {
    while true {
      let waiting = state.withLock { state in
        defer { state.followers = [] }
        return state.followers
      }
      var rest: [Follower] = []
      var isBehind = false
      for var follower in waiting where !follower.isGone.isSet {
        guard mayStillLook(&follower) else {
          follower.stream.finish()
          continue
        }
        // A client that has not taken what there was before waits for more.
        if follower.stream.waitingBytes == 0,
          let (lines, end) = try? Self.lines(of: store, after: follower.place), !lines.isEmpty
        {
          if follower.stream.send(lines) == .taken { follower.place = end }
          isBehind = true
        }
        rest.append(follower)
      }
      let goesOn = state.withLock { state in
        state.followers = rest + state.followers
        state.isRunning = !state.followers.isEmpty
        return state.isRunning
      }
      guard goesOn else { return }
      System.pause(milliseconds: isBehind ? 1 : Self.interval)
    }
  }

  private func mayStillLook(_ follower: inout Follower) -> Bool {
    let now = System.monotonicSeconds()
    guard now - follower.checkedAt >= recheck else { return true }
    follower.checkedAt = now
    return follower.standing.holds
  }
}
