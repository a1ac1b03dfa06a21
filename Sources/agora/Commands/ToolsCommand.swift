import AgoraStore

/// `agora tools`: what can be called.
enum ToolsCommand {
  static let command = Command(
    words: ["tools"], summary: "Lists the marketplace's tools, or tells all of one.",
    operands: [
      .init(
        name: "NAME", help: "A tool's name, also with @ and a version or a range.",
        isRequired: false, choices: ToolCatalog.agora.names)
    ],
    discussion: """
      Needs no store: this is the catalogue of the program. What operators have deprecated in a store, agora.discovery.list tells. With --json a tool comes with the JSON Schemas of its parameters and of its result.
      """,
    run: run)

  private static func run(_ invocation: Invocation) throws -> ExitCode {
    guard let name = invocation.operands.first else {
      let tools = ToolCatalog.agora.entries.map(\.tool)
      try invocation.report(
        .object([.init("tools", ToolCatalog.agora.json), .init("count", .int(tools.count))]),
        table(tools).joined(separator: "\n"))
      return .done
    }
    let tool = try ToolCommand(named: name).tool
    try invocation.report(tool.json, text(tool).joined(separator: "\n"))
    return .done
  }

  /// The tools by category, one a line.
  private static func table(_ tools: [Tool]) -> [String] {
    let name = tools.map(\.name.count).max() ?? 0
    let version = tools.map(\.version.description.count).max() ?? 0
    var lines: [String] = []
    for category in Tool.Category.allCases {
      let members = tools.filter { $0.category == category }
      guard !members.isEmpty else { continue }
      lines += (lines.isEmpty ? [] : [""]) + [category.rawValue]
      lines += members.map { tool in
        let mark = tool.isBeta ? " (beta)" : tool.deprecation == nil ? "" : " (deprecated)"
        return "  \(Layout.padded(tool.name, name))  "
          + "\(Layout.padded(tool.version.description, version))  \(tool.title)\(mark)"
      }
    }
    return lines + ["", "agora tools NAME tells all of one; agora call NAME calls it."]
  }

  private static func text(_ tool: Tool) -> [String] {
    let parameters = tool.parameters.fields.flatMap { field in
      [
        (
          "\(field.name) \(ToolWords.placeholder(field.type))",
          ToolWords.sentence(of: field, isFlag: false)
        )
      ]
        + ToolWords.members(of: field.type, below: "  " + field.name)
    }
    return [tool.title, ""] + Layout.wrap(tool.description, to: Layout.width) + [""]
      + Layout.wrap(ToolWords.summary(of: tool), to: Layout.width)
      + Help.section("Parameters", parameters) + ToolWords.closing(tool)
  }
}
