/// Holds what tools really answer against what they declare.
enum DeclarationCheck {
  static func check(_ result: JSON, of tool: Tool) throws(ToolFailure) {
    do throws(ToolFailure) {
      try ValueCheck.check(result.members ?? [], tool.result, at: "")
    } catch {
      throw ToolFailure(
        .internal, "\(tool.name) answered what it does not declare: \(error.message)")
    }
  }

  static func checked(_ failure: ToolFailure, of tool: Tool) -> ToolFailure {
    guard !tool.allFailures.contains(failure.code) else { return failure }
    return ToolFailure(
      .internal, "\(tool.name) gave a failure that it does not declare: \(failure)")
  }
}
