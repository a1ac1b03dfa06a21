import AgoraStore
import CompatProxy

/// `tools/call`: one call of a tool, of v5 or of v4.
struct MCPToolUse {
  private let core: MCPCore
  private let exchange: MCPExchange

  init(_ core: MCPCore, _ exchange: MCPExchange) {
    self.core = core
    self.exchange = exchange
  }

  /// The result; what the caller can mend is a result too (SEP-1303), so that a model reads it.
  ///
  /// - Throws: ``RPCError`` `-32602` for a request without a tool's name, and for an unknown tool.
  func answer(_ request: RPCRequest) throws(RPCError) -> [JSON.Member] {
    guard case .string(let name)? = request["name"] else {
      throw RPCError(.invalidParams, "name has to be the name of a tool")
    }
    let arguments: [JSON.Member]
    switch request["arguments"] {
    case .none, .null?: arguments = []
    case .object(let members)?: arguments = members
    case .some: throw RPCError(.invalidParams, "arguments has to be an object")
    }
    let call = try choose(name, arguments)
    let result = call()
    if let progress = MCPProgress(request) { exchange.notify(progress.message(1, "done")) }
    return result
  }

  private typealias Call = () -> [JSON.Member]

  private func choose(_ name: String, _ arguments: [JSON.Member]) throws(RPCError) -> Call {
    let legacy = core.options.answersLegacyTools ? MCPLegacyTool.named(name) : nil
    do throws(ToolFailure) {
      let tool = try core.marketplace.catalog.entry(name).tool
      // v4's parameters under a name that is v5's too.
      if let legacy, legacy.isMeant(by: arguments, ratherThan: tool) {
        return { run(legacy, arguments) }
      }
      return { run(name, arguments) }
    } catch {
      if let legacy { return { run(legacy, arguments) } }
      throw RPCError(.invalidParams, spelled(error.message), data: error.json)
    }
  }

  private func run(_ name: String, _ arguments: [JSON.Member]) -> [JSON.Member] {
    do throws(ToolFailure) {
      let reply = try core.tools.call(name, .object(arguments), as: exchange.caller)
      return Self.done(reply.result, warnings: reply.warnings.map(spelled))
    } catch { return Self.refused(spelled(error.description), error.json) }
  }

  private func run(_ tool: MCPLegacyTool, _ arguments: [JSON.Member]) -> [JSON.Member] {
    let answer = core.proxy.answer(tool.call(arguments, as: exchange.caller))
    guard let refusal = answer.refusal else {
      guard let notice = answer.notice else { return Self.done(answer.output) }
      return Self.done(
        answer.output, warnings: [notice.sentence],
        meta: [.init("dev.agora/replacement_call", notice.replacement.json)])
    }
    // A caller of v4 finds the reducer's signature where it did not know what is due.
    var hint = ""
    if case .invalidArguments(let signature) = refusal.kind { hint = "; it takes \(signature)" }
    return Self.refused(
      "\(refusal.text)\(hint) [\(refusal.code)]",
      .object([
        .init("code", .string(refusal.code)), .init("message", .string(refusal.text)),
        .init(
          "replacement",
          .string(answer.notice?.replacement.tool ?? tool.reducer.replacement)),
        .init("replacement_call", answer.notice?.replacement.json ?? .null),
      ]))
  }

  /// What v5 says, with the names of tools as they are listed.
  private func spelled(_ text: String) -> String {
    core.options.naming.spelled(text, core.marketplace.catalog)
  }

  private static func text(_ text: String) -> JSON {
    .object([.init("type", .string("text")), .init("text", .string(text))])
  }

  /// The result of a call that was done: as text for models, and as JSON for programs.
  private static func done(
    _ result: JSON, warnings: [String] = [], meta: [JSON.Member] = []
  ) -> [JSON.Member] {
    // Up to 2025-11-25 it has to be an object.
    let structured = result.members == nil ? JSON.object([.init("result", result)]) : result
    var members: [JSON.Member] = [
      .init(
        "content",
        .array(
          [text(JSONWriter.compact(result))]
            + warnings.map { text("Warning: \($0)") })),
      .init("structuredContent", structured), .init("isError", .bool(false)),
    ]
    if !warnings.isEmpty {
      members.append(
        .init(
          "_meta",
          .object(
            [.init("dev.agora/warnings", .array(warnings.map { .string($0) }))] + meta)))
    }
    return members
  }

  private static func refused(_ sentence: String, _ error: JSON) -> [JSON.Member] {
    [
      .init("content", .array([text(sentence)])), .init("isError", .bool(true)),
      .init("_meta", .object([.init("dev.agora/error", error)])),
    ]
  }
}
