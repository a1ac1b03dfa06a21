public import AgoraStore

/// What the evidence says of an agent's way from v4 to v5.
public enum AgentState: String, Word {
  /// It called v4 within the window.
  case onV4 = "on_v4"
  /// It came from v4, has not called v4 within the window, and was never seen on v5.
  case silent
  /// It came from v4, has not called v4 within the window, and was seen on v5.
  case migrated
  /// It was born on v5 and has not called v4 within the window.
  case native

  /// The word for people.
  public var title: String {
    switch self {
    case .onV4: "on v4"
    case .silent: "silent"
    case .migrated: "migrated"
    case .native: "native"
    }
  }
}

/// How an agent's calls of v4 have changed from one window to the next.
public enum CallTrend: String, Word {
  /// There is none in either window.
  case none
  /// There were none in the window before.
  case new
  /// There are clearly more.
  case rising
  /// There are about as many.
  case steady
  /// There are clearly fewer.
  case falling
  /// There are none any more.
  case stopped

  /// Compares two windows.
  ///
  /// The difference of two counts of chance has about their sum as its variance; beyond 1.64 standard
  /// deviations it is chance once in ten times.
  package init(now: Int, before: Int) {
    let difference = Double(now) - Double(before)
    self =
      switch (now > 0, before > 0) {
      case (false, false): .none
      case (true, false): .new
      case (false, true): .stopped
      case (true, true):
        difference * difference < 2.69 * (Double(now) + Double(before))
          ? .steady : difference > 0 ? .rising : .falling
      }
  }
}

/// A reducer with how often it was called.
public struct ReducerCount: Sendable, Equatable {
  /// The reducer's name, as the caller wrote it.
  public let reducer: String
  /// How many calls there were.
  public let calls: Int
}

/// One agent as the evidence shows it.
public struct AgentStanding: Sendable {
  /// The agent's name.
  public let name: String
  /// The agent's id.
  public let id: String
  /// Where it is on its way.
  public internal(set) var state = AgentState.native
  /// Whether it came from v4, by a migration or by its calls.
  public let isFromV4: Bool
  /// Whether it was only ever named and never registered.
  public let isStub: Bool
  /// When it last called v4; to the end of the day where calls are kept as counts of a day only.
  public internal(set) var lastV4Call: Timestamp?
  /// When it was last seen on v5.
  public internal(set) var lastV5Call: Timestamp?
  /// How many of its calls of v4 are on record, with those that were refused.
  public internal(set) var v4Calls = 0
  /// How many of them were within the window.
  public internal(set) var windowCalls = 0
  /// How many of them were within the window before.
  public internal(set) var earlierCalls = 0
  /// The reducers that it has called, the most called first.
  public internal(set) var reducers: [ReducerCount] = []
  /// How many tasks it has still to do.
  public internal(set) var openTasks = 0
  /// How many workflows it made that have not ended.
  public internal(set) var openWorkflows = 0
  /// Until when it is exempt from brownouts.
  public internal(set) var exemptUntil: Timestamp?
  /// Why somebody said that its silence is known.
  public internal(set) var acknowledged: String?
  /// When it will have stopped calling v4.
  public internal(set) var forecast: StopForecast?

  /// Whether somebody would miss it.
  public var ownsSomething: Bool { openTasks > 0 || openWorkflows > 0 }
  /// How its calls have changed.
  public var trend: CallTrend { CallTrend(now: windowCalls, before: earlierCalls) }

  init(name: String, id: String, isFromV4: Bool, isStub: Bool) {
    self.name = name
    self.id = id
    self.isFromV4 = isFromV4
    self.isStub = isStub
  }
}

/// A caller of v4 that is no agent: one that gave no name, or one that nobody has.
public struct UnknownCaller: Sendable, Equatable {
  /// The name that it gave; empty where it gave none.
  public let name: String
  /// How many calls there were.
  public internal(set) var calls = 0
  /// How many of them were within the window.
  public internal(set) var windowCalls = 0
  /// When the last one was.
  public internal(set) var lastCall: Timestamp

  init(name: String, lastCall: Timestamp) {
    self.name = name
    self.lastCall = lastCall
  }
}
