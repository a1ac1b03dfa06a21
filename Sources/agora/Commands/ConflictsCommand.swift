import AgoraStore
import Migrator

/// `agora conflicts …`.
enum ConflictsCommand {
  static let list = Command(
    words: ["conflicts", "list"],
    summary: "Lists the rows that v4 and v5 both changed.",
    options: [
      Command.store, .init(name: "all", help: "Lists those that are settled as well."),
    ],
    discussion: """
      A later export changed a row, or has it no more, whose record v5 had changed too. v5's record
      stands until you decide with agora conflicts resolve.
      """,
    run: { invocation in
      let list = try ConflictList(invocation.openStore(), includingSettled: invocation.has("all"))
      try invocation.report(list.json, list.text)
      return .done
    })

  static let resolve = Command(
    words: ["conflicts", "resolve"], summary: "Settles conflicts: v4's row or v5's record stands.",
    operands: [
      .init(name: "N", help: "The conflict's number.", isRequired: false, repeats: true)
    ],
    options: [
      Command.store,
      .init(name: "keep", value: "v4|v5", help: "Whose side stands."),
      .init(name: "all", help: "Settles all that are outstanding."),
      .init(
        name: "source", value: "NAME",
        help: "With --all: only the conflicts of this v4 deployment."),
      .init(name: "wait", help: "Waits for another run's lock."),
    ],
    discussion: """
      --keep v4 makes the record of v4's row once more, or removes it where v4 has the row no more. What
      v5 has begun follows: the task of a step gets the step's status, or fails where the step is gone;
      in a workflow that v5 runs, the steps that are ready then are started. A whole workflow that is
      v4's again stands still until somebody starts it on v5.
      --keep v5 leaves the record alone. Either way the same export says nothing new any more; what v4
      changes later in a row whose record v5 kept is a conflict again. Each call is a run of its own:
      agora rollback takes it back.

      Examples:
        agora conflicts resolve 3 --keep v4
        agora conflicts resolve --all --keep v5
      """, run: resolve)

  private static func resolve(_ invocation: Invocation) throws -> ExitCode {
    guard let side = try invocation.choice("keep", ConflictResolution.Side.self) else {
      throw AgoraError(.misuse, "agora conflicts resolve needs --keep v4 or --keep v5")
    }
    let numbers = try invocation.operands.map { text in
      guard let number = Int(text) else {
        throw AgoraError(
          .misuse, "\"\(text)\" is no number of a conflict",
          remedy: "agora conflicts list shows their numbers.")
      }
      return number
    }
    guard numbers.isEmpty == invocation.has("all") else {
      throw AgoraError(
        .misuse,
        numbers.isEmpty
          ? "agora conflicts resolve needs the numbers of conflicts, or --all"
          : "--all leaves no choice of numbers")
    }
    guard numbers.isEmpty || !invocation.has("source") else {
      throw AgoraError(.misuse, "--source is for --all")
    }
    let report = try ConflictResolution(
      numbers.isEmpty ? .all(source: invocation.value("source")) : .numbers(numbers),
      keeping: side, store: invocation.storePath, waits: invocation.has("wait")
    ).run()
    invocation.reportDone(report.json, report.text)
    return .done
  }
}
