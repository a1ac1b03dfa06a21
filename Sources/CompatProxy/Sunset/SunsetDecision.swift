package import AgoraStore

/// What becomes of a call of v4 before it is even looked at: a function of what was decided, the instant,
/// who calls and how urgent it is.
package enum SunsetDecision: Sendable, Equatable {
  /// It is answered without a word.
  case pass
  /// It is answered, and told that v4 ends.
  case warn
  /// It fails until the window's end.
  case brownout(BrownoutWindow)
  /// It fails for good.
  case ended

  /// - Parameters:
  ///   - exemptUntil: until when its agent is exempted; nil where it is not.
  ///   - isUrgent: whether it is a message of urgent or emergency priority.
  package init(
    _ state: SunsetState, at now: Timestamp, exemptUntil: Timestamp? = nil, isUrgent: Bool = false
  ) {
    switch state.phase {
    case .compatibility: self = .pass
    case .warning: self = .warn
    case .sunset: self = .ended
    case .brownout:
      let isExempt = exemptUntil.map { now < $0 } ?? false
      guard let window = state.openWindow(at: now), !isExempt, !isUrgent else {
        self = .warn
        return
      }
      self = .brownout(window)
    }
  }

  /// Whether the call fails.
  package var isRefusal: Bool {
    switch self {
    case .pass, .warn: false
    case .brownout, .ended: true
    }
  }
}
