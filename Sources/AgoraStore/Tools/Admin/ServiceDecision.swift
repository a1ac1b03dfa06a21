/// What an operator decides about a tool in one version.
struct ServiceDecision {
  let tool: Tool

  /// Finds the version that a call names exactly.
  ///
  /// - Throws: ``ToolFailure`` `not_found`, or `invalid_parameter` where the version is none.
  init(_ name: String, _ version: String, in catalog: ToolCatalog) throws(ToolFailure) {
    guard SemanticVersion(version) != nil else {
      throw ToolFailure(
        .invalidParameter,
        "version is \"\(ValueCheck.shown(version))\", and one version such as 1.0.0 is due",
        parameter: "version")
    }
    do throws(ToolFailure) {
      tool = try catalog.entry("\(name)@\(version)").tool
    } catch {
      var failure = error
      failure.parameter = "service_name"
      throw failure
    }
  }

  /// Checks a deprecation before it is written.
  ///
  /// - Throws: ``ToolFailure`` `invalid_parameter` where the dates or the replacement are wrong,
  ///   `conflict` where it would take away what everything else needs.
  func check(_ deprecation: Tool.Deprecation, in context: ToolContext) throws {
    if let sunset = deprecation.sunset, sunset < deprecation.since {
      throw ToolFailure(
        .invalidParameter,
        "sunset_date is \(sunset), which is before deprecation_date, \(deprecation.since)",
        parameter: "sunset_date")
    }
    let replacement: Tool
    do throws(ToolFailure) {
      replacement = try context.catalog.entry(deprecation.replacement).tool
    } catch {
      throw ToolFailure(
        .invalidParameter, "replacement: \(error.message)", parameter: "replacement")
    }
    guard replacement.versionedName != tool.versionedName else {
      throw ToolFailure(
        .invalidParameter,
        "replacement is \(tool.versionedName) itself; name another tool or version",
        parameter: "replacement")
    }
    if try ServiceRegister.state(of: replacement, in: context.connection).status == .deprecated {
      throw ToolFailure(
        .conflict, "the replacement \(replacement.versionedName) is deprecated itself",
        parameter: "replacement")
    }
    // Nobody could take it back, or lift a halt.
    guard tool.name != Manage.tool.name, tool.name != Override.tool.name else {
      throw ToolFailure(
        .conflict, "\(tool.name) cannot be deprecated: everything else is governed with it",
        parameter: "service_name")
    }
  }
}
