import AgoraStore
import CompatProxy

/// `spacetime describe --json DB [reducer|table NAME]`: the module's schema.
enum DescribeCommand {
  static func run(_ arguments: [String], whole: [String]) -> Int32 {
    let options = Options(
      arguments, valued: ["s": "server", "server": "server"],
      switches: ["json": "json", "anonymous": "anonymous", "y": "yes", "yes": "yes"])
    let words = options.words
    if let fault = options.fault { return misuse(fault) }
    var missing: [String] = options.has("json") ? [] : ["--json"]
    if words.isEmpty { missing.append("<database>") }
    guard missing.isEmpty else {
      return misuse(Talk.missing(missing))
    }
    guard words.count == 1 || words.count == 3 else {
      return misuse("an entity is described by its type and its name")
    }
    var kind: ModuleSchema.EntityKind?
    if words.count == 3 {
      kind = ModuleSchema.EntityKind(rawValue: words[1])
      guard kind != nil else {
        return misuse(
          "invalid value '\(words[1])' for '[entity_type]'\n  [possible values: reducer, table]")
      }
    }
    if let status = Spacetime.passOn(words[0], whole) { return status }
    Talk.warnUnstable()
    do throws(RemoteFault) {
      let schema = try schema(of: words[0])
      guard let kind else { return Talk.print(JSONWriter.pretty(schema) + "\n") ? 0 : 1 }
      guard let entity = ModuleSchema.entity(kind, named: words[2], in: schema) else {
        return Talk.fail("no such \(kind.rawValue)")
      }
      return Talk.print(JSONWriter.pretty(entity) + "\n") ? 0 : 1
    } catch { return Talk.fail(error.text) }
  }

  private static func misuse(_ text: String) -> Int32 {
    Talk.misuse(text, "describe --json <database> [entity_type] [entity_name]")
  }

  /// The schema, from the server where there is one.
  private static func schema(of database: String) throws(RemoteFault) -> JSON {
    guard let url = Spacetime.serverURL else { return ModuleSchema.definition }
    let server = try RemoteServer(url)
    let path = "/v1/database/\(database)/schema?version=9"
    let reply = try server.ask("GET", path)
    guard reply.status == 200, let schema = try? JSON.parse(reply.body) else {
      throw RemoteFault(AgoraError(.io, server.failure(reply, path)))
    }
    return schema
  }
}
