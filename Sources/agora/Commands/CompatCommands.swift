import AgoraStore
import CompatProxy

/// `agora compat`: the proxy for agents of v4, looked at and tried out.
enum CompatCommands {
  static let call = Command(
    words: ["compat", "call"], summary: "Does a call of v4, as the drop-in does it.",
    operands: [
      .init(name: "DATABASE", help: "One of v4's databases, such as agora-marketplace."),
      .init(name: "REDUCER", help: "The reducer's name."),
      .init(
        name: "ARGUMENT", help: "What the reducer takes, by place or as --NAME VALUE.",
        isRequired: false, repeats: true),
    ], options: [Command.store], passesOptionsBehind: 2,
    discussion: """
      What stands behind the reducer and is no option of this command is the reducer's; behind -- everything is.

      Examples:
        agora compat call agora-marketplace agent_heartbeat MyAgent
        agora compat call agora-marketplace query_coordination_data --query_type tasks
      """,
    run: runCall)

  static let log = Command(
    words: ["compat", "log"], summary: "Lists the calls of v4, the newest first.",
    options: [
      Command.store,
      .init(name: "limit", value: "N", help: "How many (default: 50, at most 10000)."),
      .init(name: "reducer", value: "NAME", help: "Calls of this reducer only."),
      .init(name: "days", help: "Counts by day, agent and reducer instead of single calls."),
    ],
    discussion: """
      Single calls are kept for 30 days, and at most 100,000 of them; older ones are counted by day, agent and reducer. What a message says is never recorded.
      """,
    run: runLog)

  static let matrix = Command(
    words: ["compat", "matrix"],
    summary: "Lists v4's reducers, their shapes, and v5's equivalents.",
    options: [.init(name: "markdown", help: "Prints a Markdown table.")], run: runMatrix)

  static let differences = Command(
    words: ["compat", "differences"],
    summary: "Lists what is done otherwise than on v4, on purpose.", run: runDifferences)

  private static func runCall(_ invocation: Invocation) throws -> ExitCode {
    let words = invocation.operands
    guard LegacyDatabase(named: words[0]) != nil else {
      let names = LegacyDatabase.allCases.map(\.rawValue).joined(separator: ", ")
      throw AgoraError(
        .notFound, "\(words[0]) is none of v4's databases", remedy: "There are \(names).")
    }
    let marketplace = try Marketplace(invocation.openStore())
    let call = LegacyCall(
      database: words[0], reducer: words[1], arguments: .words(Array(words.dropFirst(2))))
    let answer = Proxy(marketplace).answer(call)
    if let notice = answer.notice, !notice.decision.isRefusal { Terminal.say(notice.line) }
    guard let refusal = answer.refusal else {
      try Terminal.print(
        invocation.wantsJSON
          ? JSONWriter.pretty(answer.output) : JSONWriter.compact(answer.output))
      return .done
    }
    if let fault = refusal.fault { throw fault }
    let text = refusal.missingReducer(in: call) ?? refusal.text
    if invocation.wantsJSON {
      let error = JSON.object([
        .init("code", .string(refusal.code)), .init("message", .string(text)),
      ])
      var members: [JSON.Member] = [.init("error", error)]
      if let problem = answer.notice?.problem() { members.append(.init("problem", problem)) }
      try Terminal.print(JSONWriter.pretty(.object(members)))
    }
    Terminal.say("agora: \(text) [\(refusal.code)]")
    return refusal.kind == .usage ? .misused : .failed
  }

  private static func runLog(_ invocation: Invocation) throws -> ExitCode {
    let limit = try invocation.number("limit", in: 1...10_000) ?? 50
    let reducer = invocation.value("reducer")
    let store = try invocation.openStore()
    if invocation.has("days") { return try days(store, limit, reducer, invocation) }
    let calls = try store.read { try LegacyCallLog($0).newest(limit, of: reducer) }
    let lines = calls.map { call in
      [
        call.at.description, call.code.map { "refused (\($0))" } ?? "done", call.reducer,
        call.claimed ?? "-", call.tool ?? "-",
      ].map { TextTable.visible($0) }.joined(separator: "  ")
    }
    try invocation.report(
      .object([.init("calls", .array(calls.map(\.json)))]),
      lines.isEmpty ? "No call of v4 is on record." : lines.joined(separator: "\n"))
    return .done
  }

  private static func days(
    _ store: Store, _ limit: Int, _ reducer: String?, _ invocation: Invocation
  ) throws -> ExitCode {
    let (counts, names) = try store.read { connection in
      let log = LegacyCallLog(connection)
      let counts = try log.counts(limit: limit, of: reducer)
      return (counts, try log.names(of: counts.map(\.agent)))
    }
    let rows = counts.map { count in
      let day = Timestamp(microseconds: count.day * 86_400_000_000).description.prefix(10)
      return (String(day), count)
    }
    try invocation.report(
      .object([
        .init(
          "days",
          .array(
            rows.map { day, count in
              .object([
                .init("day", .string(day)), .init("agent", .string(count.agent)),
                .init("agent_name", .optional(names[count.agent])),
                .init("reducer", .string(count.reducer)),
                .init("outcome", .string(count.outcome)), .init("code", .optional(count.code)),
                .init("calls", .int(count.calls)),
                .init("last_at", .string(count.lastAt.description)),
              ])
            }))
      ]),
      rows.map { day, count in
        TextTable.visible(
          "\(day)  \(count.calls)  \(count.code.map { "refused (\($0))" } ?? "done")  \(count.reducer)  \(names[count.agent] ?? (count.agent.isEmpty ? "-" : count.agent))"
        )
      }.joined(separator: "\n"))
    return .done
  }

  private static func runMatrix(_ invocation: Invocation) throws -> ExitCode {
    if invocation.has("markdown"), !invocation.wantsJSON {
      var lines = [
        "| reducer | shape | arguments | on v5 | example |", "|---|---|---|---|---|",
      ]
      func code(_ text: String) -> String {
        "`" + text.replacing("|", with: "\\|") + "`"
      }
      for cell in MatrixCell.all {
        let v5 = cell.refusal == nil ? cell.replacement.tool : "refused: " + cell.replacement.tool
        lines.append(
          "| \(code(cell.reducer.name)) | \(cell.shape) | \(cell.arguments) | \(code(v5)) | \(cell.example.map(code) ?? "") |"
        )
      }
      try Terminal.print(lines.joined(separator: "\n"))
      return .done
    }
    let text = Reducer.all.flatMap { reducer in
      ["\(reducer.name)  (on v5: \(reducer.replacement))"]
        + CompatMatrix.cells(of: reducer).flatMap { cell -> [String] in
          var lines = ["  \(cell.shape): \(cell.arguments)"]
          if let example = cell.example { lines.append("    \(example)") }
          let outcome = cell.refusal.map { "refused: \($0.text)" } ?? cell.replacement.command
          return lines + ["    \(outcome)"]
        }
    }
    try invocation.report(CompatMatrix.json, text.joined(separator: "\n"))
    return .done
  }

  private static func runDifferences(_ invocation: Invocation) throws -> ExitCode {
    let text = Difference.all.flatMap { difference in
      ["\(difference.number). v4: \(difference.v4)", "   now: \(difference.v5)"]
    }
    try invocation.report(
      .object([
        .init(
          "differences",
          .array(
            Difference.all.map {
              .object([
                .init("number", .int($0.number)), .init("v4", .string($0.v4)),
                .init("v5", .string($0.v5)),
              ])
            }))
      ]), text.joined(separator: "\n"))
    return .done
  }
}
