import AgoraStore
import CompatProxy
import TestSupport
import Testing

/// The end of v4: phases, windows, what answers carry, and who may decide.
@Suite struct SunsetTests {
  /// 2026-12-01T00:00:00Z.
  private static let date = Timestamp(microseconds: 1_796_083_200_000_000)
  private static let day: Int64 = 86_400

  /// An instant so many seconds before the date.
  private static func before(_ seconds: Int64, micros: Int64 = 0) -> Timestamp {
    Timestamp(microseconds: date.microseconds - seconds * 1_000_000 + micros)
  }

  private static let announcement = before(30 * day)

  private func marketplace(_ folder: String, at now: Timestamp) throws -> Marketplace {
    let store = try Store(path: folder + "/s.db", creates: true)
    try store.withWriter { try $0.execute("PRAGMA synchronous=OFF") }
    return try Marketplace(store, clock: .fixed(now))
  }

  private func control(
    _ folder: String, at now: Timestamp = announcement, closed: [ClosedGate] = []
  ) throws -> SunsetControl {
    try SunsetControl(marketplace(folder, at: now)) { _, _ in closed }
  }

  /// Calls in a process of its own, as far as a test can: another marketplace on the same file.
  private func call(
    _ folder: String, at now: Timestamp, _ reducer: String, _ words: String...
  ) throws -> LegacyAnswer {
    try Proxy(marketplace(folder, at: now)).answer(
      LegacyCall(database: "agora-marketplace", reducer: reducer, arguments: .words(words)))
  }

  /// Announces the end and goes into brownouts.
  private func schedule(_ folder: String, lengths: [Int64]? = nil, budget: Int? = nil) throws {
    let control = try control(folder)
    _ = try control.schedule(Self.date, lengths: lengths, budget: budget)
    _ = try control.set(.brownout)
  }

  @Test func `window k of n starts n - k + 1 days before the date`() {
    let windows = BrownoutWindow.before(Self.date, lengths: BrownoutWindow.usualLengths)
    let starts = windows.map(\.start.description)
    #expect(
      starts == [
        "2026-11-27T00:00:00Z", "2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z",
        "2026-11-30T00:00:00Z",
      ])
    let lengths = windows.map { ($0.end.microseconds - $0.start.microseconds) / 1_000_000 }
    #expect(lengths == [300, 3_600, 14_400, 28_800])
    #expect(BrownoutWindow.before(Self.date, lengths: []).isEmpty)
  }

  @Test
  func `what becomes of a call follows from the phase, the instant, its agent and its urgency`() {
    let window = BrownoutWindow(start: Self.before(600), end: Self.before(300))
    var broken = window
    broken.brokenAt = Self.before(500)
    let (inside, later) = (Self.before(400), Self.before(200))
    let refused = SunsetDecision.brownout(window)
    let rows: [(SunsetPhase, BrownoutWindow, Timestamp, Timestamp?, Bool, SunsetDecision)] = [
      (.compatibility, window, inside, nil, false, .pass),
      (.warning, window, inside, nil, false, .warn),
      (.brownout, window, Self.before(600, micros: -1), nil, false, .warn),
      (.brownout, window, Self.before(600), nil, false, refused),
      (.brownout, window, inside, nil, false, refused),
      (.brownout, window, Self.before(300, micros: -1), nil, false, refused),
      (.brownout, window, Self.before(300), nil, false, .warn),
      (.brownout, window, inside, nil, true, .warn),
      (.brownout, window, inside, later, false, .warn),
      (.brownout, window, inside, inside, false, refused),
      (.brownout, window, inside, Self.before(500), false, refused),
      (.brownout, broken, inside, nil, false, .warn),
      (.sunset, window, inside, later, true, .ended), (.sunset, window, later, nil, false, .ended),
    ]
    for (index, (phase, window, now, exempt, isUrgent, decision)) in rows.enumerated() {
      var state = SunsetState()
      state.phase = phase
      state.windows = [window]
      let found = SunsetDecision(state, at: now, exemptUntil: exempt, isUrgent: isUrgent)
      #expect(found == decision, "row \(index)")
    }
  }

  @Test
  func `a window holds to the second, in every process, also in one that starts inside of it`()
    throws
  {
    try withTemporaryFolder { folder in
      try schedule(folder)
      let start = 4 * Self.day
      let rows: [(Timestamp, String?)] = [
        (Self.before(start, micros: -1), nil), (Self.before(start), SunsetNotice.brownoutCode),
        (Self.before(start - 150), SunsetNotice.brownoutCode),
        (Self.before(start - 300, micros: -1), SunsetNotice.brownoutCode),
        (Self.before(start - 300), nil), (Self.before(3 * Self.day), SunsetNotice.brownoutCode),
        (Self.before(3 * Self.day - 3_600), nil), (Self.date, nil),
      ]
      for (now, code) in rows {
        let answer = try call(folder, at: now, "agent_heartbeat", "A")
        #expect(answer.refusal?.code == code && answer.notice != nil, "\(now)")
        #expect(answer.notice?.decision.isRefusal == (code != nil))
      }
      let status = try SunsetStatus(Store(path: folder + "/s.db"), at: Self.date)
      #expect(status.state.windows.map(\.refused) == [3, 1, 0, 0])
    }
  }

  @Test func `in a window exempted agents and urgent messages pass, and nobody else`() throws {
    try withTemporaryFolder { folder in
      _ = try call(folder, at: Self.announcement, "register_agent", "v3-1", "x", "A", "null")
      _ = try call(folder, at: Self.announcement, "agent_heartbeat", "B")
      try schedule(folder)
      let inside = Self.before(Self.day - 60)
      _ = try control(folder).exempt("A", until: Self.before(Self.day - 120), reason: "nightly job")
      func code(_ reducer: String, _ words: String...) throws -> String? {
        try Proxy(marketplace(folder, at: inside)).answer(
          LegacyCall(database: "agora-marketplace", reducer: reducer, arguments: .words(words))
        ).refusal?.code
      }
      let refused = SunsetNotice.brownoutCode
      let rows: [(String?, String?)] = [
        (try code("agent_heartbeat", "A"), nil), (try code("agent_heartbeat", "v3-1"), nil),
        (try code("agent_heartbeat", "B"), refused),
        (try code("send_agent_message", "B", "A", "info", "x", "3"), refused),
        (try code("send_agent_message", "B", "A", "info", "x", "4"), nil),
        (try code("send_agent_message", "B", "A", "info", "x", "5"), nil),
        (try code("send_message", "m-1", "B", "A", "info", "x", "emergency"), nil),
        (try code("broadcast_to_agents", "fire", "5"), nil),
        (try code("broadcast_to_agents", "tea", "2"), refused),
        // The urgency of a task is not a message's.
        (try code("create_task", "t-1", "B", "work", "5", "{}"), refused),
        (try code("no_such_reducer"), refused), (try code("send_agent_message", "B"), refused),
        (try code("send_agent_message", "A"), "invalid_arguments"),
      ]
      for (index, (found, expected)) in rows.enumerated() {
        #expect(found == expected, "row \(index)")
      }
      let after = try call(folder, at: Self.before(Self.day - 120), "agent_heartbeat", "A")
      #expect(after.refusal?.code == refused)
    }
  }

  @Test func `the breaker ends a window after more refused calls than the budget`() throws {
    try withTemporaryFolder { folder in
      try schedule(folder, budget: 3)
      let inside = Self.before(Self.day - 60)
      var refused = 0
      for _ in 0..<6 where try call(folder, at: inside, "agent_heartbeat", "A").refusal != nil {
        refused += 1
      }
      #expect(refused == 4)
      // What is decided anew about the same windows does not open a broken one again.
      _ = try control(folder, at: inside).schedule(Self.date, budget: 3)
      #expect(try call(folder, at: inside, "agent_heartbeat", "A").refusal == nil)
      let state = try marketplace(folder, at: inside).store.read { try SunsetState($0) }
      #expect(state.windows.map(\.refused) == [0, 0, 0, 4])
      #expect(state.windows.map(\.brokenAt) == [nil, nil, nil, inside])
      let later = try call(folder, at: Self.before(Self.day - 28_799), "agent_heartbeat", "A")
      #expect(later.refusal == nil)
    }
  }

  @Test
  func `a refused call has changed nothing but the record, which says what it would have touched`()
    throws
  {
    try withTemporaryFolder { folder in
      let made = try call(
        folder, at: Self.announcement, "create_task", "t-1", "A", "work", "2", "{}")
      _ = try call(
        folder, at: Self.announcement, "start_workflow_coordination", "w-1", "A", "[]", "x")
      try schedule(folder)
      let inside = Self.before(Self.day - 60)
      let place = try marketplace(folder, at: inside)
      func content() throws -> [String] {
        try place.store.read { connection in
          try ["agents", "tasks", "messages", "workflows", "v4_names"].flatMap { table in
            let columns = try UndoLog.columns(of: table, connection)
              .map { "quote(\($0))" }.joined(separator: "||','||")
            return try connection.all(Query("t", "SELECT \(columns) FROM \(table)")) { $0.text(0) }
          }
        }
      }
      let before = try content()
      let answers = [
        try call(folder, at: inside, "update_task_progress", "t-1", "A", "0.5", "on", "{}"),
        try call(folder, at: inside, "send_agent_message", "A", "New", "info", "x", "1"),
        try call(folder, at: inside, "assign_task", "w-1", "work", "{}", "[]", "A"),
      ]
      #expect(answers.allSatisfy { $0.refusal?.code == SunsetNotice.brownoutCode })
      let records = try place.store.read { try LegacyCallLog($0).newest(3) }
      #expect(records[2].touched.task == made.output["task_id"]?.text)
      #expect(records[0].touched.workflow != nil && records[0].code == SunsetNotice.brownoutCode)
      #expect(records.allSatisfy { $0.claimed == "A" && $0.agent != nil })
      // Events and audit aside, which tell of it.
      #expect(try content() == before && before.count > 3)
    }
  }

  @Test func `names that no reducer has are counted together also while v4 is refused`() throws {
    try withTemporaryFolder { folder in
      try schedule(folder)
      let inside = Self.before(Self.day - 60)
      for name in ["evil 1", "evil:2 b"] {
        #expect(try call(folder, at: inside, name, "x").refusal?.code == SunsetNotice.brownoutCode)
      }
      _ = try control(folder, at: inside).set(
        .sunset, date: nil, SunsetControl.Decision(reason: "now", isForced: true))
      for name in ["evil 3", "agent_heartbeat"] {
        #expect(try call(folder, at: inside, name, "x").refusal?.code == SunsetNotice.endedCode)
      }
      let store = try marketplace(folder, at: inside).store
      func callers() throws -> [String] {
        try store.read { connection in
          var found: [String] = []
          try LegacyCallers(connection).each { caller in
            found += caller.reducers.map { "\($0.reducer) \($0.calls)" }
          }
          return found.sorted()
        }
      }
      let told = try callers()
      let totals = try store.write { connection in
        let log = LegacyCallLog(connection, limit: 1)
        try log.fold(at: inside)
        return try log.totals().map { "\($0.reducer) \($0.code ?? "") \($0.calls)" }.sorted()
      }
      #expect(told == ["(unknown) 3", "agent_heartbeat 1"])
      #expect(try callers() == told)
      #expect(totals == ["(unknown) unknown_reducer 3", "agent_heartbeat v4_sunset 1"])
    }
  }

  @Test func `an answer carries the dates as their RFCs write them, and the call of v5`() throws {
    try withTemporaryFolder { folder in
      let control = try control(folder)
      _ = try control.schedule(Self.date)
      let quiet = try call(folder, at: Self.announcement, "agent_heartbeat", "A")
      #expect(quiet.notice == nil)
      _ = try control.advance()
      let answer = try call(
        folder, at: Self.announcement, "send_agent_message", "A", "B", "info", "it's\nnew", "5")
      let notice = try #require(answer.notice)
      #expect(answer.refusal == nil && notice.refusal == nil && notice.problem() == nil)
      let fields = notice.headerFields(at: Self.announcement).map { "\($0.name): \($0.value)" }
      #expect(
        fields == [
          "Deprecation: @1793491200", "Sunset: Tue, 01 Dec 2026 00:00:00 GMT",
          #"Link: </docs/migration/v4>; rel="deprecation"; type="text/html", </docs/sunset-policy>; rel="sunset"; type="text/html", </agora/messaging/send>; rel="successor-version""#,
        ])
      #expect(
        notice.line
          == #"agora: v4 is deprecated and ends on 2026-12-01T00:00:00Z; call instead of send_agent_message: agora call agora.messaging.send '{"to_agent":"B","content":"it'\''s\nnew","message_type":"info","priority":"urgent","from_agent":"A"}'"#
      )
      _ = try control.set(.brownout)
      let inside = Self.before(Self.day, micros: 500_000)
      let refused = try #require(try call(folder, at: inside, "agent_heartbeat", "A").notice)
      let retry = refused.headerFields(at: inside).first { $0.name == "Retry-After" }?.value
      #expect(retry == "28800")
      let problem = try #require(refused.problem(instance: "/requests/1"))
      #expect(
        problem["status"]?.integer == 410 && problem["ends_at"]?.text == "2026-11-30T08:00:00Z")
      #expect(problem["type"]?.text == "urn:agora:problem:v4-brownout")
      #expect(problem["replacement"]?.text == "/agora/messaging/receive")
      #expect(problem["instance"]?.text == "/requests/1")
    }
  }

  @Test func `the end is never before the deprecation, whatever is decided in which order`() throws
  {
    try withTemporaryFolder { folder in
      // Switched off before the announced date, and by a clock that was set back.
      let early = try control(folder, at: Self.before(100))
      _ = try early.schedule(Self.date)
      let back = try control(folder, at: Self.before(5_000))
      _ = try back.set(.sunset, SunsetControl.Decision(reason: "r", isForced: true))
      let ended = try #require(try call(folder, at: Self.date, "agent_heartbeat", "A").notice)
      #expect(ended.deprecation == Self.before(100) && ended.sunset == Self.before(100))
      #expect(throws: SunsetFault.self) { try back.schedule(Self.before(4_000)) }
      #expect(throws: SunsetFault.self) { try early.schedule(Self.before(100)) }
      let status = try SunsetStatus(Store(path: folder + "/s.db"), at: Self.date)
      #expect(status.state.sunsetAt == Self.date)
    }
  }

  @Test func `v4 is switched off by nobody while the gate is closed, unless it is forced`() throws {
    try withTemporaryFolder { folder in
      let closed = try control(folder, closed: [ClosedGate("silent", "two agents are silent")])
      let ways: [(SunsetControl) throws -> Void] = [
        { _ = try $0.set(.sunset) }, { _ = try $0.raise(to: .sunset) },
        {
          _ = try $0.set(.brownout)
          _ = try $0.advance()
        },
      ]
      for way in ways { #expect(throws: SunsetFault.self) { try way(closed) } }
      var phase = try closed.look().0.phase
      #expect(phase == .brownout)
      let forced = try closed.advance(SunsetControl.Decision(reason: "now", isForced: true))
      #expect(forced.after.phase == .sunset)
      _ = try closed.revert()
      _ = try control(folder).advance()
      phase = try closed.look().0.phase
      #expect(phase == .sunset)
      // Everything fails, urgent or exempted.
      let urgent = try call(
        folder, at: Self.announcement, "send_agent_message", "A", "*", "info", "x", "5")
      #expect(urgent.refusal?.code == SunsetNotice.endedCode)
      #expect(throws: SunsetFault.self) { try closed.advance() }
    }
  }

  @Test func `the notice is broadcast once, and every decision is in the history`() throws {
    try withTemporaryFolder { folder in
      let control = try control(folder)
      _ = try control.schedule(Self.date, SunsetControl.Decision(reason: "planned"))
      _ = try control.advance()
      _ = try control.revert()
      _ = try control.set(.brownout)
      let place = try marketplace(folder, at: Self.announcement)
      let messages = try place.store.read { connection in
        try connection.all(
          Query(
            "t",
            """
            SELECT a.agent_name, m.to_agent, m.message_type FROM messages m
            JOIN agents a ON a.agent_id=m.from_agent
            """), map: { [$0.text(0), $0.text(1), $0.text(2)] })
      }
      #expect(messages == [["agora", "broadcast", "deprecation_notice"]])
      let history = try place.store.read { try SunsetRegister($0).history(10) }
      #expect(
        history.map(\.action) == [
          "sunset.set", "sunset.revert", "sunset.advance", "sunset.schedule",
        ])
      #expect(history.last?.reason == "planned")
      #expect(history.first?.after["phase"]?.text == "brownout")
    }
  }

  @Test func `the environment sets the phase and never moves it back`() throws {
    let rows: [([String: String], SunsetPhase?, Bool)] = [
      ([:], nil, true), (["COMPATIBILITY_MODE": "enabled"], nil, true),
      (["DEPRECATION_WARNINGS": "enabled"], .warning, true),
      (["DEPRECATION_WARNINGS": "disabled", "COMPATIBILITY_MODE": "enabled"], nil, true),
      (["COMPATIBILITY_MODE": "disabled", "DEPRECATION_WARNINGS": "enabled"], .sunset, true),
      (["COMPATIBILITY_MODE": "perhaps"], nil, false),
    ]
    for (environment, phase, isValid) in rows {
      let found = try? SunsetEnvironment { environment[$0] }
      #expect((found != nil) == isValid && found?.phase == phase, "\(environment)")
    }
    try withTemporaryFolder { folder in
      let control = try control(folder)
      _ = try control.raise(to: .warning)
      _ = try control.set(.brownout)
      let again = try control.raise(to: .warning)
      let phase = try control.look().0.phase
      #expect(again == nil && phase == .brownout)
      // A program of one caller can ask for warnings, not for the end.
      try withTemporaryFolder { other in
        let place = try marketplace(other, at: Self.announcement)
        let answer = Proxy(place, atLeast: .sunset).answer(
          LegacyCall(database: "d", reducer: "agent_heartbeat", arguments: .words(["A"])))
        let stored = try place.store.read { try SunsetState($0).phase }
        #expect(answer.refusal == nil && answer.notice != nil && stored == .compatibility)
      }
    }
  }

  @Test func `lengths are read as people write them`() {
    let rows: [(String, Int64?)] = [
      ("5m", 300), ("1h", 3_600), ("1h30m", 5_400), ("90s", 90), ("1d", 86_400), ("", nil),
      ("5", nil), ("m", nil), ("0m", nil), ("25h", nil), ("1d1s", nil), ("-5m", nil), ("5x", nil),
      ("99999999999999999999h", nil),
    ]
    for (text, seconds) in rows { #expect(SunsetStatus.seconds(text) == seconds, "\(text)") }
    #expect(SunsetStatus.duration(5_400) == "1h30m" && SunsetStatus.duration(86_400) == "1d")
  }
}
