import AgoraStore
import Migrator

/// `agora demo`: the whole story on a small v4 deployment, in a folder of its own.
enum DemoCommand {
  static let command = Command(
    words: ["demo"], summary: "Shows the whole story on a small v4 deployment.",
    discussion: """
      Migrates a bundled v4 export into a store in a temporary folder, with the ways in which v4's data
      is broken: ids used twice, agents that nobody registered, workflows that nobody created, half an
      emoji. Kills a migration and goes on with it, follows a newer export, verifies, goes back, and gives
      v4's data back out. Lets an agent of v4 call as ever, and rehearses v4's end on a copy. Leaves the folder for you to look at.
      """, run: run)

  private static func run(_ invocation: Invocation) throws -> ExitCode {
    let story = try DemoStory()
    try story.tell()
    try invocation.report(story.json, story.text)
    return .done
  }
}
