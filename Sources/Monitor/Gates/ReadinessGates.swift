import AgoraStore

/// Whether v4 can be switched off without anybody losing anything.
struct ReadinessGates {
  let census: Census
  let facts: MigrationFacts
  let calls: CallFacts
  let sunset: SunsetState
  let health: HealthStatus
  let healthReason: String
  let now: Timestamp
  let window: Int

  /// Whether anything at all came from v4 or calls it.
  var hasLegacy: Bool {
    !facts.standing.isEmpty || calls.total > 0 || census.hasAnyFromV4
  }

  var all: [Gate] {
    [onV4, silent, rejects, conflicts, verification, healthy, backup, announced]
  }

  private func gate(
    _ name: String, _ title: String, _ passed: Bool, _ reason: String, _ remedy: String
  ) -> Gate {
    Gate(
      name: name, title: title, passed: passed, reason: reason, remedy: passed ? nil : remedy)
  }

  private var windowStart: Timestamp { DayTime.shifted(now, days: -window) }

  private var onV4: Gate {
    let title = "Nobody on v4 for \(Words.count(window, "day"))"
    let callers = census.agents(in: .onV4)
    let others = census.unknown.filter { $0.windowCalls > 0 }
    guard callers.isEmpty, others.isEmpty else {
      var parts: [String] = []
      if !callers.isEmpty {
        parts.append(
          "\(Words.count(callers.count, "agent")) (\(Words.names(callers.lazy.map(\.name))))")
      }
      if !others.isEmpty {
        let names = others.filter { !$0.name.isEmpty }.map(\.name)
        let calls = others.reduce(0) { Numeric.sum($0, $1.windowCalls) }
        parts.append(
          names.isEmpty
            ? "callers that gave no name (\(Words.count(calls, "call")))"
            : "callers that are no agents (\(Words.names(names)))")
      }
      return gate(
        "nobody_on_v4", title, false,
        "within \(Words.count(window, "day")), v4 was called by \(parts.joined(separator: " and by "))",
        "agora compat log --days")
    }
    // Silence proves nothing where nobody has listened.
    let begin = [calls.since, facts.standing.map(\.startedAt).min()].compactMap { $0 }.min()
    if hasLegacy, let begin, begin > windowStart {
      return gate(
        "nobody_on_v4", title, false,
        "the record begins on \(begin.description.prefix(10)), and is younger than \(Words.count(window, "day"))",
        "agora monitor --gate")
    }
    let last = census.lastCall
    return gate(
      "nobody_on_v4", title, true,
      last.map { "the last call of v4 was on \($0.description.prefix(10))" }
        ?? "no call of v4 is on record", "")
  }

  /// So many agents are acknowledged by their names.
  private static let named = 5

  private var silent: Gate {
    let silent = census.agents(in: .silent)
    let waiting = silent.filter { $0.ownsSomething && $0.acknowledged == nil }
    let title = "Silent agents own nothing"
    guard !waiting.isEmpty else {
      let known = silent.count { $0.ownsSomething }
      return gate(
        "silent_agents", title, true,
        silent.isEmpty
          ? "no agent is silent"
          : "of \(Words.count(silent.count, "silent agent")) none has open work"
            + (known > 0 ? " but \(known) that somebody has acknowledged" : ""), "")
    }
    let tasks = waiting.reduce(0) { Numeric.sum($0, $1.openTasks) }
    let workflows = waiting.reduce(0) { Numeric.sum($0, $1.openWorkflows) }
    let owned = [
      tasks > 0 ? Words.count(tasks, "open task") : nil,
      workflows > 0 ? Words.count(workflows, "unfinished workflow") : nil,
    ].compactMap { $0 }.joined(separator: " and ")
    return gate(
      "silent_agents", title, false,
      "\(Words.count(waiting.count, "agent")) never seen on v5 \(waiting.count == 1 ? "owns" : "own") \(owned): \(Words.names(waiting.map(\.name)))",
      waiting.count > Self.named
        ? "agora sunset acknowledge --all --reason TEXT"
        : "agora sunset acknowledge \(waiting.map(Words.agent).joined(separator: " ")) --reason TEXT"
    )
  }

  private var rejects: Gate {
    let count = facts.outstandingRejects
    return gate(
      "rejects", "No rejected rows", count == 0,
      count == 0
        ? "no rejected row waits"
        : "\(Words.count(count, "rejected row")) \(count == 1 ? "waits" : "wait"): \(Words.names(facts.rejects.map { "\($0.rows) \($0.code)" })); look at them with agora rejects list, and dismiss what needs nothing more",
      "agora rejects dismiss \(facts.firstReject ?? 1) --reason TEXT")
  }

  private var conflicts: Gate {
    gate(
      "conflicts", "No conflicts", facts.conflicts == 0,
      facts.conflicts == 0
        ? "no conflict waits for a decision"
        : "\(Words.count(facts.conflicts, "row was", "rows were")) changed on v4 and on v5, and nobody has decided; agora conflicts list shows both sides",
      "agora conflicts resolve --all --keep v5")
  }

  private var healthy: Gate {
    gate(
      "health", "The marketplace is healthy", health == .healthy, healthReason,
      "agora call agora.admin.health")
  }

  private var backup: Gate {
    let title = "A fresh backup"
    // A backup replaces nothing, so each time has a name of its own.
    let time = now.description.prefix(19).filter { $0 != ":" && $0 != "-" }
    let remedy = "agora store backup before-sunset-\(time).db"
    guard hasLegacy else {
      return gate("backup", title, true, "nothing came from v4 that could be lost", "")
    }
    guard let backup = facts.backup else {
      return gate("backup", title, false, "no backup is on record", remedy)
    }
    let day = backup.at.description.prefix(10)
    if !backup.hasLastRun {
      return gate(
        "backup", title, false, "the last backup (\(day)) is older than the last migration", remedy)
    }
    let isFresh = backup.at > windowStart
    return gate(
      "backup", title, isFresh,
      isFresh
        ? "\(TextTable.visible(backup.path)) was taken on \(day)"
        : "the last backup is of \(day), more than \(Words.count(window, "day")) ago", remedy)
  }

  private var announced: Gate {
    let title = "Announced \(Words.count(window, "day")) ahead"
    guard hasLegacy else {
      return gate("announced", title, true, "there is nobody to tell", "")
    }
    let proposal = DayTime.shifted(now, days: max(window, 7) * 2).description.prefix(10)
    let remedy = "agora sunset schedule --date \(proposal)"
    guard let date = sunset.end, let announced = sunset.announcedAt else {
      return gate("announced", title, false, "no date for the end of v4 is set", remedy)
    }
    let ends = "v4 ends on \(date.description.prefix(10))"
    let due = DayTime.shifted(announced, days: window)
    let isLong = due <= now
    return gate(
      "announced", title, isLong,
      "\(ends), announced on \(announced.description.prefix(10))"
        + (isLong ? "" : "; that is long enough on \(due.description.prefix(10))"),
      "agora monitor --gate")
  }
}
