extension ParameterList {
  /// Makes an object of parameters that came as text: flags of the command line, a query of a URL.
  ///
  /// What does not fit is left to the checks that follow, which say what is due; a name that nobody
  /// declared too. How one parameter is read is ``Field/value(of:)``'s.
  ///
  /// - Throws: ``ToolFailure`` `invalid_parameter` where JSON is due and the text is none, or where a
  ///   parameter that takes one value was given several.
  public func object(
    ofTexts texts: [(name: String, text: String)]
  ) throws(ToolFailure) -> JSON {
    var members: [JSON.Member] = []
    for (name, text) in texts where !members.contains(where: { $0.name == name }) {
      let all = texts.filter { $0.name == name }.map(\.text)
      guard let field = fields.first(where: { $0.name == name }) else {
        members.append(JSON.Member(name, .string(text)))
        continue
      }
      members.append(JSON.Member(name, try field.value(of: all)))
    }
    return .object(members)
  }
}
