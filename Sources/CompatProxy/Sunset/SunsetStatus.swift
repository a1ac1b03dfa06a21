package import AgoraStore

/// How v4 is being brought to its end, as an operator reads it.
package struct SunsetStatus: Sendable {
  package let state: SunsetState
  package let now: Timestamp
  private let exemptions: [SunsetExemption]
  private let acknowledged: [SilentAcknowledgement]
  private let history: [SunsetRegister.Entry]

  /// Reads it from a store.
  package init(_ store: Store, at now: Timestamp) throws {
    (state, exemptions, acknowledged, history) = try store.read { connection in
      let register = SunsetRegister(connection)
      return (
        try SunsetState(connection), try register.exemptions(), try register.acknowledgements(),
        try register.history(20)
      )
    }
    self.now = now
  }

  private func word(_ window: BrownoutWindow) -> String {
    if window.brokenAt != nil { return "ended_early" }
    if now < window.start { return "announced" }
    return window.isOpen(at: now) ? "open" : "over"
  }

  /// What the calls of v4 meet now.
  private var effect: String {
    switch SunsetDecision(state, at: now) {
    case .pass: "Calls of v4 are answered without a word."
    case .warn: "Calls of v4 are answered, and each answer names the call of v5 to make instead."
    case .brownout(let window):
      "Calls of v4 fail until \(window.end); \(window.refused) were refused in this window."
    case .ended: "Calls of v4 fail."
    }
  }

  /// What comes next, and what makes it come.
  private var outlook: String {
    switch state.phase {
    case .compatibility:
      return state.sunsetAt.map {
        "v4 is to end on \($0), and its callers are not told yet: agora sunset advance begins the warnings."
      } ?? "Nothing is announced: agora sunset schedule --date DATE announces an end."
    case .sunset: return "agora sunset revert switches v4 on again."
    case .warning, .brownout:
      guard let date = state.sunsetAt else {
        return "No end is announced: agora sunset schedule --date DATE announces one."
      }
      if date <= now {
        return "The announced end has come: agora sunset advance switches v4 off."
      }
      guard state.phase == .brownout else {
        return "agora sunset advance begins the brownouts."
      }
      return state.nextWindow(after: now).map {
        "The next window is from \($0.start) to \($0.end)."
      }
        ?? "There is no window before the end on \(date)."
    }
  }

  /// The status as JSON (the command line's contract).
  package var json: JSON {
    func instant(_ value: Timestamp?) -> JSON { .optional(value?.description) }
    let windows = state.windows.enumerated().map { number, window in
      JSON.object([
        .init("number", .int(number + 1)), .init("starts_at", instant(window.start)),
        .init("ends_at", instant(window.end)),
        .init(
          "seconds",
          .number(String((window.end.microseconds - window.start.microseconds) / 1_000_000))),
        .init("state", .string(word(window))), .init("refused", .int(window.refused)),
        .init("ended_early_at", instant(window.brokenAt)),
      ])
    }
    return .object([
      .init("phase", .string(state.phase.rawValue)), .init("since", instant(state.since)),
      .init("now", instant(now)), .init("deprecation", instant(state.deprecatedAt)),
      .init("sunset", instant(state.end)), .init("announced_at", instant(state.announcedAt)),
      .init("noticed_at", instant(state.noticedAt)), .init("budget", .int(state.budget)),
      .init("windows", .array(windows)),
      .init("refuses_now", .bool(SunsetDecision(state, at: now).isRefusal)),
      .init("next", .string(outlook)),
      .init(
        "exemptions",
        .array(
          exemptions.map {
            .object([
              .init("agent_id", .string($0.agent)), .init("name", .string($0.name)),
              .init("until", instant($0.until)), .init("holds", .bool(now < $0.until)),
              .init("reason", .string($0.reason)), .init("granted_at", instant($0.grantedAt)),
            ])
          })),
      .init(
        "acknowledged",
        .array(
          acknowledged.map {
            .object([
              .init("agent_id", .string($0.agent)), .init("name", .string($0.name)),
              .init("reason", .string($0.reason)), .init("at", instant($0.at)),
            ])
          })),
      .init(
        "history",
        .array(
          history.map {
            .object([
              .init("at", instant($0.at)), .init("actor", .string($0.actor)),
              .init("action", .string($0.action)), .init("reason", .optional($0.reason)),
              .init("before", $0.before), .init("after", $0.after),
            ])
          })),
    ])
  }

  /// The status in words.
  package var text: String {
    var lines = ["phase    \(state.phase.rawValue)" + (state.since.map { " since \($0)" } ?? "")]
    if let date = state.deprecatedAt { lines.append("deprecated  \(date)") }
    if let date = state.end {
      let announced = state.announcedAt.map { " (announced on \($0))" } ?? ""
      lines.append("sunset   \(date)\(announced)")
    }
    lines += ["", effect, outlook]
    if !state.windows.isEmpty {
      let rows = state.windows.map { window in
        let seconds = (window.end.microseconds - window.start.microseconds) / 1_000_000
        return [
          window.start.description, window.end.description, Self.duration(seconds),
          word(window).replacing("_", with: " "), "\(window.refused)",
        ]
      }
      lines += [""]
      lines += TextTable.lines(
        [["window from", "to", "length", "state", "refused"]] + rows, leftColumns: 4)
      lines.append("A window ends early after more than \(state.budget) refused calls.")
    }
    for (title, rows) in [
      ("exempted", exemptions.map { "\($0.name) until \($0.until): \($0.reason)" }),
      ("acknowledged as silent", acknowledged.map { "\($0.name): \($0.reason)" }),
      (
        "history",
        history.prefix(10).map { entry in
          let phase = entry.after["phase"]?.text ?? entry.after["name"]?.text ?? ""
          return "\(entry.at)  \(entry.action)  \(phase)" + (entry.reason.map { ": \($0)" } ?? "")
        }
      ),
    ] where !rows.isEmpty {
      lines += ["", title]
      lines += rows.map { "  " + TextTable.visible($0) }
    }
    return lines.joined(separator: "\n")
  }

  /// Seconds as people write them: `5m`, `1h30m`, `2d`.
  package static func duration(_ seconds: Int64) -> String {
    guard seconds > 0 else { return "0s" }
    var text = ""
    var rest = seconds
    for (unit, size) in [("d", Int64(86_400)), ("h", 3_600), ("m", 60), ("s", 1)] where rest >= size
    {
      text += "\(rest / size)\(unit)"
      rest %= size
    }
    return text
  }

  /// Reads `5m`, `1h30m`, `90s`, `1d`: more than nothing and at most a day.
  ///
  /// - Returns: seconds; nil where it is no such length.
  package static func seconds(_ text: some StringProtocol) -> Int64? {
    var total: Int64 = 0
    var number: Int64?
    for character in text.utf8 {
      switch character {
      case 0x30...0x39:
        let value = (number ?? 0) * 10 + Int64(character - 0x30)
        guard value <= 86_400 else { return nil }
        number = value
      case 0x64, 0x68, 0x6d, 0x73:
        guard let value = number else { return nil }
        let size: Int64 =
          switch character {
          case 0x64: 86_400
          case 0x68: 3_600
          case 0x6d: 60
          default: 1
          }
        total += value * size
        number = nil
      default: return nil
      }
    }
    return number == nil && (1...86_400).contains(total) ? total : nil
  }
}
