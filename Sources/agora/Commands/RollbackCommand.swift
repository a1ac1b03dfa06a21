import AgoraStore
import Migrator

/// `agora rollback`.
enum RollbackCommand {
  static let command = Command(
    words: ["rollback"], summary: "Takes the newest migration back.",
    operands: [.init(name: "RUN", help: "The run's id, as agora runs lists it.")],
    options: [
      Command.store,
      .init(
        name: "keep-newer",
        help: "Keeps what records written on v5 since depend on, instead of refusing."),
    ],
    discussion: """
      The marketplace is what it was before the run, apart from what v5 agents have written since and
      what does not depend on it. Where something does, the rollback is refused (exit 5) with a list,
      which --json gives whole.
      Older runs go back after newer ones.
      """,
    run: { invocation in
      let report = try Rollback(
        invocation.operands[0], keepsNewer: invocation.has("keep-newer"),
        store: invocation.storePath
      ).run()
      invocation.reportDone(report.json, report.text)
      return .done
    })
}
