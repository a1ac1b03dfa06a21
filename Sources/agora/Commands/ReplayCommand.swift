import AgoraStore
import CompatProxy

/// `agora compat replay`: what calls of v4 would do.
enum ReplayCommand {
  static let command = Command(
    words: ["compat", "replay"],
    summary: "Shows what calls of v4 would do, and does none.",
    operands: [
      .init(name: "FILE", help: "Calls, one JSON object a line; - reads them from standard input.")
    ], options: [Command.store],
    discussion: """
      Each line is an object with database, reducer and args, such as {"reducer":"agent_heartbeat","args":["A"]}; an object in args gives arguments by name. The calls are played through on a copy of the store, one after the other, and the copy is thrown away.

      Example:
        agora compat replay calls.ndjson --json
      """,
    run: { invocation in
      let path = invocation.operands[0]
      let bytes: [UInt8]
      if path == "-" {
        bytes = Array(try StandardInput.text(limit: Shadow.limit).utf8)
      } else {
        do throws(SystemError) {
          bytes = try File.contents(path, limit: Shadow.limit + 1)
        } catch { throw AgoraError(error, file: path) }
      }
      guard bytes.count <= Shadow.limit else {
        throw AgoraError(
          .misuse, "the file has more than \(Shadow.limit >> 20) MiB", file: path,
          remedy: "Replay it in parts.")
      }
      let calls = try Shadow.calls(in: bytes, file: path == "-" ? "standard input" : path)
      let shadow = try Shadow(calls, on: invocation.openStore())
      try invocation.report(shadow.json, shadow.text)
      return .done
    })
}
