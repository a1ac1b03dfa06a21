import AgoraStore
import CompatProxy
import Synchronization

/// Keeps the rows of all queries that clients of SpacetimeDB's WebSockets subscribe to, and tells each of
/// them what changes, whoever changes it.
///
/// A query is read once for all who watch it, after a commit of this process or another. One thread does
/// so; it begins with the first client and ends with the last.
final class SubscriptionHub: Sendable {
  /// Which of a client's subscriptions it is.
  enum Key: Hashable, Sendable {
    /// All that `Subscribe` named.
    case whole
    /// One with a number of the client's.
    case numbered(UInt32)
  }

  /// Queries that one client watches at most.
  static let queriesPerClient = 256
  /// Bytes of all watched rows together at most.
  static let bytes = 256 << 20
  /// Seconds that all watched queries together may take to be read: whoever calls meanwhile waits.
  static let seconds = 2.0

  private struct Watched {
    var rows: [WatchedRow]
    var holders = 0
    var bytes: Int
    /// Seconds that the last reading took.
    var seconds: Double
  }

  private struct Member {
    let socket: SpacetimeSocket
    var sets: [Key: [WatchedQuery]] = [:]
  }

  /// Used under the lock only.
  private final class State {
    var watch: LegacyWatch?
    var watched: [WatchedQuery: Watched] = [:]
    var members: [ObjectIdentifier: Member] = [:]
    var bytes = 0
    var seconds = 0.0
    var isRunning = false
    /// Whether a query could not be read when it should have been.
    var isStale = false
  }

  let marketplace: Marketplace
  let clock: Clock
  /// What waits for all clients together.
  let outboxes = OutboxBudget()
  private let proxy: Proxy
  private let limit: Int
  private let patience: Double
  private let state = Mutex(State())
  private let bell: Doorbell
  private let observation: CommitObservation

  /// - Parameters:
  ///   - limit: bytes of all watched rows together at most.
  ///   - patience: seconds that all watched queries together may take to be read.
  /// - Throws: ``AgoraError`` `io` when the system has no pipe.
  init(
    _ marketplace: Marketplace, clock: Clock, atLeast leastPhase: SunsetPhase? = nil,
    limit: Int = SubscriptionHub.bytes, patience: Double = SubscriptionHub.seconds
  ) throws(AgoraError) {
    self.limit = limit
    self.patience = patience
    self.marketplace = marketplace
    self.clock = clock
    proxy = Proxy(marketplace, atLeast: leastPhase)
    do throws(SystemError) { bell = try Doorbell() } catch {
      throw AgoraError(.io, error.description)
    }
    observation = marketplace.observeCommits { [bell] in bell.ring() }
  }

  /// How many clients and watched queries there are.
  var count: (clients: Int, queries: Int) {
    state.withLock { ($0.members.count, $0.watched.count) }
  }

  // MARK: what clients do

  /// Takes a client in.
  func add(_ socket: SpacetimeSocket) throws(SystemError) {
    let starts = state.withLock { state in
      state.members[ObjectIdentifier(socket)] = Member(socket: socket)
      defer { state.isRunning = true }
      return !state.isRunning
    }
    guard starts else { return }
    do throws(SystemError) {
      try SystemThread.start { [weak self] in Self.run { [weak self] in self } }
    } catch {
      state.withLock { $0.isRunning = false }
      throw error
    }
  }

  /// Whether v4's data may still be read.
  ///
  /// - Throws: ``Refusal`` where v4 has ended, with what to read instead, or where the store cannot be read.
  func checkSunset(reading replacement: Replacement) throws(Refusal) {
    let notice: SunsetNotice?
    do {
      notice = try SunsetGate.notice(
        forReading: replacement, in: marketplace.store)
    } catch { throw .unreadable(ToolFailure(error).message) }
    if let refusal = notice?.refusal { throw refusal }
  }

  /// Has the thread look at who is still there.
  func wake() { bell.ring() }

  /// Sets what a client watches under a key, and says it.
  ///
  /// - Parameter say: makes the frame of the rows as they are; what changes later is told behind it.
  func subscribe(
    _ socket: SpacetimeSocket, _ key: Key, _ queries: [WatchedQuery],
    say: @Sendable ([(WatchedQuery, [WatchedRow])]) -> String
  ) throws(Refusal) {
    let refusal = state.withLock { state -> Refusal? in
      do throws(Refusal) {
        guard var member = state.members[ObjectIdentifier(socket)] else { return nil }
        let others = member.sets.reduce(0) { $0 + ($1.key == key ? 0 : $1.value.count) }
        try checkCount(others + queries.count)
        refresh(state, nil)
        var rows: [(WatchedQuery, [WatchedRow])] = []
        do throws(Refusal) {
          for query in queries { rows.append((query, try hold(query, state))) }
        } catch {
          for (query, _) in rows { release(query, state) }
          throw error
        }
        for query in member.sets[key] ?? [] { release(query, state) }
        member.sets[key] = queries
        state.members[ObjectIdentifier(socket)] = member
        socket.send(say(rows))
        return nil
      } catch { return error }
    }
    if let refusal { throw refusal }
  }

  /// Ends what a client watches under a key, and says it.
  ///
  /// - Returns: false where it watches nothing under this key.
  func unsubscribe(
    _ socket: SpacetimeSocket, _ key: Key,
    say: @Sendable ([(WatchedQuery, [WatchedRow])]) -> String
  ) -> Bool {
    state.withLock { state in
      refresh(state, nil)
      guard let queries = state.members[ObjectIdentifier(socket)]?.sets.removeValue(forKey: key)
      else { return false }
      socket.send(say(queries.map { ($0, state.watched[$0]?.rows ?? []) }))
      for query in queries { release(query, state) }
      return true
    }
  }

  /// Calls a reducer; whoever watches what it changes is told, and the caller of the outcome.
  func call(
    _ call: LegacyCall, _ cause: SpacetimeAnswerFrame.Cause, from socket: SpacetimeSocket,
    isQuiet: Bool
  ) {
    state.withLock { state in
      // What others have changed before is theirs.
      refresh(state, nil)
      var cause = cause
      let start = System.monotonicSeconds()
      let answer = proxy.answer(call)
      cause.microseconds = System.microseconds(since: start)
      if let refusal = answer.refusal {
        return socket.send(
          SpacetimeAnswerFrame.transactionUpdate([], cause, failure: refusal.text))
      }
      refresh(
        state, cause, caller: socket, isQuiet: isQuiet && answer.notice == nil,
        notice: answer.notice?.line)
    }
  }

  /// Checks how many queries one client watches.
  func checkCount(_ count: Int) throws(Refusal) {
    guard count > Self.queriesPerClient else { return }
    throw .tooMuchWatched("one client watches \(Self.queriesPerClient) queries at most")
  }

  // MARK: rows

  /// Notes that one more watches a query.
  private func hold(_ query: WatchedQuery, _ state: State) throws(Refusal) -> [WatchedRow] {
    if let known = state.watched[query] {
      state.watched[query]?.holders += 1
      return known.rows
    }
    let read = try read(query, state)
    try take(read, insteadOf: nil, for: query, state)
    return read.rows
  }

  private func read(_ query: WatchedQuery, _ state: State) throws(Refusal) -> Watched {
    let start = System.monotonicSeconds()
    let rows = try watch(state).rows(of: query)
    return Watched(
      rows: rows, holders: 1, bytes: Self.size(rows), seconds: System.monotonicSeconds() - start)
  }

  /// Keeps what was read of a query, where there is room for it.
  private func take(
    _ new: Watched, insteadOf old: Watched?, for query: WatchedQuery, _ state: State
  ) throws(Refusal) {
    let bytes = state.bytes + new.bytes - (old?.bytes ?? 0)
    guard bytes <= limit else {
      throw .tooMuchWatched(
        "all clients together watch more than \(limit) bytes; ask for fewer rows with WHERE")
    }
    let seconds = state.seconds + new.seconds - (old?.seconds ?? 0)
    // What is watched already stays so when the machine is slow.
    guard old != nil || seconds <= patience else {
      throw .tooMuchWatched(
        "what all clients together watch takes more than \(patience) s to read; ask for a column by what it equals"
      )
    }
    (state.bytes, state.seconds) = (bytes, seconds)
    var kept = new
    kept.holders = old?.holders ?? 1
    state.watched[query] = kept
  }

  private static func size(_ rows: [WatchedRow]) -> Int {
    rows.reduce(0) { $0 + $1.bytes.count + 48 }
  }

  private func release(_ query: WatchedQuery, _ state: State) {
    guard let known = state.watched[query] else { return }
    if known.holders > 1 {
      state.watched[query]?.holders -= 1
    } else {
      forget(query, known, state)
    }
  }

  private func forget(_ query: WatchedQuery, _ known: Watched, _ state: State) {
    state.bytes -= known.bytes
    state.seconds -= known.seconds
    state.watched[query] = nil
  }

  private func watch(_ state: State) throws(Refusal) -> LegacyWatch {
    if let watch = state.watch { return watch }
    do {
      let watch = try LegacyWatch(path: marketplace.store.path, within: .stranger)
      state.watch = watch
      return watch
    } catch { throw .unreadable(ToolFailure(error).message) }
  }

  /// Reads the queries anew where something was committed, and tells what has changed.
  ///
  /// - Parameters:
  ///   - cause: the call that changed it; nil where it came from another door.
  ///   - caller: who made the call, and is told in any case.
  private func refresh(
    _ state: State, _ cause: SpacetimeAnswerFrame.Cause?, caller: SpacetimeSocket? = nil,
    isQuiet: Bool = false, notice: String? = nil
  ) {
    var changes: [WatchedQuery: WatchedChange] = [:]
    if !state.watched.isEmpty, let watch = try? watch(state),
      (try? watch.hasChanged()) == true || state.isStale
    {
      state.isStale = false
      for (query, known) in state.watched {
        do throws(Refusal) {
          let new = try read(query, state)
          try take(new, insteadOf: known, for: query, state)
          let change = WatchedChange(from: known.rows, to: new.rows)
          if !change.isEmpty { changes[query] = change }
        } catch { drop(query, error, state) }
      }
    }
    let cause =
      cause
      ?? SpacetimeAnswerFrame.Cause(
        identity: LegacyDatabase.owner, connection: 0, timestamp: clock.now())
    for member in state.members.values {
      let rows = member.sets.values.joined().compactMap { query in
        changes[query].map { SpacetimeAnswerFrame.Rows(query, $0) }
      }
      let isCaller = caller.map { $0 === member.socket } ?? false
      guard !rows.isEmpty || isCaller && !isQuiet else { continue }
      member.socket.send(
        member.socket.isLight && !isCaller
          ? SpacetimeAnswerFrame.transactionUpdateLight(rows, request: cause.request)
          : SpacetimeAnswerFrame.transactionUpdate(
            rows, cause, notice: isCaller ? notice : nil))
    }
  }

  /// Ends the subscriptions to a query that cannot be read any more; one that only cannot be read now is
  /// read later.
  private func drop(_ query: WatchedQuery, _ refusal: Refusal, _ state: State) {
    guard refusal.code != "unavailable", refusal.code != "internal" else {
      state.isStale = true
      return
    }
    for (id, member) in state.members {
      for (key, queries) in member.sets where queries.contains(query) {
        state.members[id]?.sets[key] = queries.filter { $0 != query }
        var number: UInt32?
        if case .numbered(let id) = key { number = id }
        member.socket.send(
          SpacetimeAnswerFrame.subscriptionError(
            refusal.text, request: nil, id: number, table: query.table))
      }
    }
    if let known = state.watched[query] { forget(query, known, state) }
  }

  // MARK: the thread

  /// How often it looks for what other processes have committed, in milliseconds.
  private static let interval: Int32 = 100
  /// How often it looks whether a slow client takes more, in milliseconds.
  private static let shortInterval: Int32 = 10

  /// How often it looks whether the clients may still watch, in seconds.
  private static let checkInterval = 5.0

  private static func run(_ hub: () -> SubscriptionHub?) {
    var interval = interval
    var lastCheck = System.monotonicSeconds()
    while let hub = hub() {
      hub.bell.wait(milliseconds: interval)
      let start = System.monotonicSeconds()
      if start - lastCheck > checkInterval {
        lastCheck = start
        hub.check()
      }
      guard let isWaiting = hub.goRound() else { return }
      // Whatever the tables' sizes, at most a third of one processor goes into reading them again.
      let rest = min(5, max(0, System.monotonicSeconds() - start) * 2)
      System.pause(milliseconds: Int32(rest * 1000))
      interval = isWaiting ? shortInterval : Self.interval
    }
  }

  /// Ends the connections of those who may not watch any more.
  func check() {
    var isV4Over = false
    do throws(Refusal) { try checkSunset(reading: SpacetimeSocket.instead) } catch {
      isV4Over = error.isV4Over
    }
    for socket in state.withLock({ $0.members.values.map(\.socket) }) {
      socket.check(isV4Over: isV4Over)
    }
  }

  /// Lets go of who is gone, tells the others what is new, and sends what waits.
  ///
  /// - Returns: whether frames still wait; nil where nobody is there any more.
  private func goRound() -> Bool? {
    state.withLock { state in
      for (id, member) in state.members where member.socket.isOver {
        state.members[id] = nil
        for query in member.sets.values.joined() { release(query, state) }
      }
      guard !state.members.isEmpty else {
        state.isRunning = false
        state.watch = nil
        return nil
      }
      refresh(state, nil)
      var isWaiting = false
      for member in state.members.values { isWaiting = member.socket.flush() || isWaiting }
      return isWaiting
    }
  }
}
