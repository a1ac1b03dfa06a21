import AgoraStore

/// What to do next, with the command that does it.
public struct Recommendation: Sendable, Equatable {
  /// A sentence without a full stop.
  public let text: String
  /// The command; nil where it is not done with one.
  public let command: String?

  /// Both on one line.
  public var line: String { command.map { "\(text): \($0)" } ?? text }
}

extension MonitorReport {
  /// What to do next, the most urgent first.
  public var recommendations: [Recommendation] {
    advice.map { advice in
      // The gates' commands name the store already.
      let isOfAGate = gates.contains { $0.remedy != nil && $0.remedy == advice.command }
      return Recommendation(
        text: advice.text,
        command: isOfAGate ? advice.command : advice.command.map { Words.command($0, at: store) })
    }
  }

  private var advice: [Recommendation] {
    guard hasLegacy else {
      return [
        Recommendation(
          text:
            "Nothing has come from v4 yet; bring an export in, or switch v4 off if there is none",
          command: "agora migrate EXPORT")
      ]
    }
    var found: [Recommendation] = []
    if facts.standing.isEmpty {
      found.append(
        Recommendation(
          text: "v4 is called, and no export of it has gone in", command: "agora migrate EXPORT"))
    }
    found += closedGates + callersAdvice
    if isReady { found.append(step) } else if let advice = phaseAdvice { found.append(advice) }
    return found
  }

  /// The gates that a command closes; those that only time closes come last.
  private var closedGates: [Recommendation] {
    let order = [
      "rejects", "conflicts", "verification", "health", "backup", "silent_agents", "announced",
    ]
    return order.compactMap { name in
      guard let gate = gates.first(where: { $0.name == name }), !gate.passed else { return nil }
      return Recommendation(text: Self.sentence(gate.reason), command: gate.remedy)
    }
  }

  /// With a capital at the beginning, but for the name of a version.
  static func sentence(_ text: String) -> String {
    text.hasPrefix("v4") ? text : text.prefix(1).uppercased() + text.dropFirst()
  }

  /// Which reducers the agents on v4 have to replace, the one that most of them call first.
  private var callersAdvice: [Recommendation] {
    let calling = count(.onV4)
    guard calling > 0 else {
      let others = calls.unattributed.filter { $0.windowCalls > 0 }
      guard !others.isEmpty else { return [] }
      return [
        Recommendation(
          text: "Find out who calls v4 without being an agent",
          command: "agora compat log --limit 20")
      ]
    }
    var found = [
      Recommendation(
        text:
          "Move \(Words.count(calling, "agent")) off v4: \(Words.names(busiest(3), of: calling))",
        command: "agora compat log --days")
    ]
    let used = calls.reducers.filter { $0.agentsOnV4 > 0 }
      .sorted { ($1.agentsOnV4, $1.calls, $0.reducer) < ($0.agentsOnV4, $0.calls, $1.reducer) }
    for reducer in used.prefix(3) {
      guard let replacement = reducer.replacement else { continue }
      found.append(
        Recommendation(
          text:
            "Instead of \(TextTable.visible(reducer.reducer)) (\(Words.count(reducer.agentsOnV4, "agent"))) call \(replacement)",
          command: replacement.hasPrefix("agora.") && !replacement.contains(" ")
            ? "agora call \(replacement) --help" : nil))
    }
    return found
  }

  /// The names of the agents that call v4 most, as many as are told.
  private func busiest(_ most: Int) -> [String] {
    let callers = agents(in: .onV4)
    var found: [Int] = []
    for place in callers.indices {
      let before = found.firstIndex { callers[$0].windowCalls < callers[place].windowCalls }
      found.insert(place, at: before ?? found.count)
      if found.count > most { found.removeLast() }
    }
    return found.map { callers[$0].name }
  }

  private var phaseAdvice: Recommendation? {
    guard sunset.phase == .compatibility, count(.onV4) > 0 else { return nil }
    return Recommendation(
      text: "Let each answer of v4 name its replacement", command: "agora sunset set warning")
  }

  /// What comes when all gates are open.
  private var step: Recommendation {
    switch sunset.phase {
    case .sunset:
      Recommendation(text: "v4 is off and nobody misses it; the way is done", command: nil)
    case .compatibility:
      Recommendation(
        text: "All gates are open: begin the warnings\(untilEnd)", command: "agora sunset advance")
    case .warning where isEndAhead:
      Recommendation(
        text: "All gates are open: begin the brownouts\(untilEnd)", command: "agora sunset advance")
    case .brownout where isEndAhead:
      Recommendation(text: "All gates are open\(untilEnd)", command: nil)
    case .warning, .brownout:
      Recommendation(
        text: "All gates are open: v4 can be switched off", command: "agora sunset set sunset")
    }
  }

  private var isEndAhead: Bool { sunset.end.map { generatedAt < $0 } ?? false }

  /// That the announced date is to be waited for, as the end of a sentence.
  private var untilEnd: String {
    guard isEndAhead, let end = sunset.end else { return "" }
    return "; wait for the announced end on \(Self.minute(end)) before v4 is switched off"
  }
}
