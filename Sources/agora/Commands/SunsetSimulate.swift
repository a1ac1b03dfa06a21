import AgoraStore
import CompatProxy
import Monitor

/// `agora sunset simulate`: what would have failed had v4 been off.
enum SunsetSimulate {
  static let command = Command(
    words: ["sunset", "simulate"], summary: "Tells what would have failed had v4 been off.",
    options: [
      .init(
        name: "at", value: "DATE",
        help: "When v4 is off (RFC 3339, or a day, UTC); one to come looks at the days up to now (default: now)."
      ),
      .init(name: "days", value: "N", help: "How many days of calls are looked at (default 7)."),
      Command.store,
    ],
    discussion: """
      Takes the calls on record of the days before that date as if v4 had been off, and lists the calls, agents, tasks and workflows that would have failed, also those that wait for what such a call makes: tasks that depend on one that it made or finished, their workflows, and agents that would have missed a message or a task. Exempt agents are among them, for an exemption holds in brownouts only. Calls that are kept as counts only, after 30 days, cannot be looked at. Changes nothing.

      Example:
        agora sunset simulate --at 2026-12-01 --days 14
      """,
    run: run)

  private static func run(_ invocation: Invocation) throws -> ExitCode {
    let now = try Clock.ofEnvironment().now()
    let days = try invocation.number("days", in: 1...365) ?? 7
    var at = now
    if let text = invocation.value("at") {
      guard let instant = Timestamp(text) else {
        throw AgoraError(
          .misuse, "--at takes a date, not \"\(text)\"",
          remedy: "Write 2026-12-01, or 2026-12-01T09:00:00Z.")
      }
      at = instant
    }
    let found = try SunsetSimulation(
      invocation.openStore(), at: at, days: days, now: now, replacements: Reducer.replacements)
    try invocation.report(found.json, found.text)
    return .done
  }
}
