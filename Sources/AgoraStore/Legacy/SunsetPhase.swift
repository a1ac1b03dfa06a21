/// How far v4 is from its end.
package enum SunsetPhase: String, Sendable, CaseIterable, Comparable {
  /// Calls of v4 are answered without a word.
  case compatibility
  /// Each answer says that v4 ends, and what to call instead.
  case warning
  /// Calls fail in announced windows.
  case brownout
  /// All calls fail.
  case sunset

  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

  package static func < (left: SunsetPhase, right: SunsetPhase) -> Bool { left.rank < right.rank }

  /// The phase that comes after it; nil after the last.
  package var next: SunsetPhase? { Self.allCases.first { $0.rank == rank + 1 } }
  /// The phase that came before it; nil before the first.
  package var previous: SunsetPhase? { Self.allCases.first { $0.rank == rank - 1 } }
}

/// A window in which calls of v4 fail: from its start until just before its end.
package struct BrownoutWindow: Sendable, Equatable {
  package let start: Timestamp
  package let end: Timestamp
  /// How many calls have been refused in it.
  package var refused = 0
  /// When the breaker ended it; nil where it did not.
  package var brokenAt: Timestamp?

  package init(start: Timestamp, end: Timestamp, refused: Int = 0, brokenAt: Timestamp? = nil) {
    self.start = start
    self.end = end
    self.refused = refused
    self.brokenAt = brokenAt
  }

  /// Whether it is open; one that the breaker has ended is not.
  package func isOpen(at now: Timestamp) -> Bool {
    brokenAt == nil && start <= now && now < end
  }

  /// The lengths where nobody chose others, in seconds: 5 minutes, 1, 4 and 8 hours.
  package static let usualLengths: [Int64] = [300, 3_600, 14_400, 28_800]

  /// The windows before a date: number k of n starts n − k + 1 days before it.
  ///
  /// - Parameter lengths: how long each lasts, in seconds, at most a day.
  package static func before(_ date: Timestamp, lengths: [Int64]) -> [BrownoutWindow] {
    lengths.enumerated().map { index, length in
      let start = date.microseconds - Int64(lengths.count - index) * 86_400_000_000
      return BrownoutWindow(
        start: Timestamp(microseconds: start),
        end: Timestamp(microseconds: start + length * 1_000_000))
    }
  }
}

/// An agent whose calls pass while others' fail.
package struct SunsetExemption: Sendable, Equatable {
  /// The agent's id, or a name that nobody has registered.
  package let agent: String
  package let name: String
  /// It holds until just before this.
  package let until: Timestamp
  package let reason: String
  package let grantedAt: Timestamp

  package init(
    agent: String, name: String, until: Timestamp, reason: String, grantedAt: Timestamp
  ) {
    self.agent = agent
    self.name = name
    self.until = until
    self.reason = reason
    self.grantedAt = grantedAt
  }
}

/// A silent agent that somebody has looked at: it need not be waited for.
package struct SilentAcknowledgement: Sendable, Equatable {
  /// The agent's id, or a name that nobody has registered.
  package let agent: String
  package let name: String
  package let reason: String
  package let at: Timestamp

  package init(agent: String, name: String, reason: String, at: Timestamp) {
    self.agent = agent
    self.name = name
    self.reason = reason
    self.at = at
  }
}
