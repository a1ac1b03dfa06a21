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

  /// Its place in the order of a report: who calls v4 comes first.
  var rank: Int {
    switch self {
    case .onV4: 0
    case .silent: 1
    case .migrated: 2
    case .native: 3
    }
  }

  /// Where its agents stand in a list that is in the order of ranks.
  func range(in counts: [Int]) -> Range<Int> {
    let start = counts.prefix(rank).reduce(0, +)
    return start..<(start + (counts.indices.contains(rank) ? counts[rank] : 0))
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
