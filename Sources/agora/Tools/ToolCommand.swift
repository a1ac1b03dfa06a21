import AgoraStore

/// The command that a tool's declaration makes: `agora call agora.messaging.send …`.
struct ToolCommand {
  let tool: Tool
  /// The name as it was typed, with the version where one was.
  let name: String

  /// The most bytes of JSON that are read: more than the limits of all parameters of any tool together.
  static let inputLimit = 8 << 20

  /// - Throws: ``AgoraError`` `misuse`, with the nearest name.
  init(named name: String, in catalog: ToolCatalog = .agora) throws {
    self.name = name
    do throws(ToolFailure) { tool = try catalog.entry(name).tool } catch {
      let nearest = catalog.nearestName(to: name)
      throw AgoraError(
        .misuse, nearest == nil ? "there is no tool \"\(TextTable.visible(name))\"" : error.message,
        remedy: "agora tools lists them.")
    }
  }

  static let json = Command.Operand(
    name: "JSON", help: "The parameters as a JSON object; - reads it from standard input.",
    isRequired: false)
  static let agent = Command.Option(
    name: "as", value: "AGENT",
    help: "The agent that acts where the parameters name none (default: AGORA_AGENT).")

  var command: Command {
    Command(
      words: ["call", name], summary: tool.description,
      operands: [Self.json],
      options: tool.parameters.fields.map(option) + [Self.agent, Command.store],
      discussion: ToolWords.summary(of: tool), closing: ToolWords.closing(tool), run: run)
  }

  private func option(_ field: Field) -> Command.Option {
    let name = Self.optionName(field)
    let type = field.type.unwrapped
    var option = Command.Option(
      name: name, value: ToolWords.placeholder(type),
      help: ToolWords.sentence(of: field, isFlag: true),
      synonyms: field.name == name ? [] : [field.name], isParameter: true,
      members: ToolWords.members(of: type, below: field.name))
    switch type {
    case .boolean:
      option.value = nil
      option.isYesOrNo = true
    case .word(let words): option.choices = words
    case .list(let element):
      option.repeats = true
      if case .word(let words) = element.unwrapped { option.choices = words }
    default: break
    }
    return option
  }

  @Sendable private func run(_ invocation: Invocation) throws -> ExitCode {
    do {
      let arguments = try arguments(invocation)
      let marketplace = try open(invocation.storePath, for: arguments)
      let agent = invocation.value("as") ?? System.environment("AGORA_AGENT")
      let caller = Caller.owner(.cli, as: agent.map { AgentReference($0) })
      let reply = try marketplace.call(name, arguments, as: caller)
      for warning in reply.warnings { Terminal.say("agora: warning: \(warning)") }
      guard reply.tool.access == .writes else {
        try invocation.report(reply.result, JSONWriter.pretty(reply.result))
        return .done
      }
      invocation.reportDone(reply.result, JSONWriter.pretty(reply.result))
      return .done
    } catch let failure as ToolFailure {
      if let fault = failure.lastingFault { throw fault }
      return try report(failure, invocation)
    }
  }

  /// Opens the marketplace; a store that is missing is made, unless the call is refused anyway.
  private func open(_ path: String, for arguments: JSON) throws -> Marketplace {
    guard try isMissing(path) else { return try Marketplace(Store(path: path)) }
    _ = try ToolCatalog.agora.entry(name).call(arguments)
    let marketplace = try Marketplace(Store(path: path, creates: true))
    Terminal.say("agora: made a new store, \(path)")
    return marketplace
  }

  private func isMissing(_ path: String) throws -> Bool {
    do throws(SystemError) { return try File.status(path) == nil } catch {
      throw AgoraError(error, file: path)
    }
  }

  private func report(_ failure: ToolFailure, _ invocation: Invocation) throws -> ExitCode {
    Terminal.say("agora: \(failure)")
    if let remedy = remedy(for: failure) { Terminal.say("  " + remedy) }
    if invocation.wantsJSON {
      var members = failure.json.members ?? []
      if failure.parameter == nil { members.insert(.init("parameter", .null), at: 2) }
      try Terminal.print(JSONWriter.pretty(.object([.init("error", .object(members))])))
    }
    return .failed
  }

  /// Words that make no call, because of one parameter.
  struct Misuse: Error {
    let error: AgoraError
    let parameter: String?
  }

  /// How the shell says what the failure is about; nil where the failure has said it.
  private func remedy(for failure: ToolFailure) -> String? {
    guard failure.code == .invalidParameter else { return nil }
    let help = "agora call \(tool.name) --help tells more."
    guard let parameter = failure.parameter,
      let field = tool.parameters.fields.first(where: { $0.name == parameter })
    else { return help }
    let agent =
      field.name == "from_agent"
      ? "; --as AGENT or AGORA_AGENT says it for every tool" : ""
    return "The flag is \(field.flag)\(agent). \(help)"
  }
}

// MARK: parameters

extension ToolCommand {
  /// The parameters of the JSON and of the flags together.
  fileprivate func arguments(_ invocation: Invocation) throws -> JSON {
    let members = try invocation.operands.first.map(object) ?? []
    var texts: [(name: String, text: String)] = []
    for field in tool.parameters.fields {
      let values = invocation.values(Self.optionName(field))
      guard values.isEmpty || !members.contains(where: { $0.name == field.name }) else {
        throw Misuse(
          error: AgoraError(
            .misuse, "\(field.name) is given twice: in the JSON and as \(field.flag)",
            remedy: "Leave one of them out."), parameter: field.name)
      }
      texts += values.map { (name: field.name, text: $0) }
    }
    do throws(ToolFailure) {
      let flags = try tool.parameters.object(ofTexts: texts)
      return .object(members + (flags.members ?? []))
    } catch {
      let field = tool.parameters.fields.first { $0.name == error.parameter }
      throw Misuse(
        error: AgoraError(
          .misuse, error.message,
          remedy: field.map { "Put JSON in single quotes: \($0.flag) \(Self.sample($0))" }),
        parameter: error.parameter)
    }
  }

  private static func optionName(_ field: Field) -> String { String(field.flag.dropFirst(2)) }

  private static func sample(_ field: Field) -> String {
    if case .list = field.type.unwrapped { return "'[…]'" }
    return "'{\"name\": …}'"
  }

  private func object(_ operand: String) throws -> [JSON.Member] {
    let isPiped = operand == "-"
    let text = isPiped ? try StandardInput.text(limit: Self.inputLimit) : operand
    let place = isPiped ? "standard input" : "\"\(shown(operand))\""
    guard !isPiped || text.contains(where: { !$0.isWhitespace }) else {
      throw AgoraError(.misuse, "standard input is empty", remedy: remedy)
    }
    let value: JSON
    do throws(JSONError) { value = try JSON.parse(text) } catch {
      throw AgoraError(.misuse, "\(place) is no JSON: \(error)", remedy: remedy)
    }
    guard case .object(let members) = value else {
      throw AgoraError(
        .misuse, "\(place) is JSON, but no object with the parameters", remedy: remedy)
    }
    return members
  }

  private func shown(_ text: String) -> String {
    TextTable.visible(text.count > 40 ? text.prefix(40) + "…" : text)
  }

  private var remedy: String {
    let example = tool.parameters.fields.first.map { field in
      " (\(field.flag) \(ToolWords.placeholder(field.type)))"
    }
    return
      "Give parameters as flags\(example ?? ""), or as one JSON object in single quotes: '{…}'"
  }
}
