/// Checks of steps that a call describes, before anything is looked up.
enum StepPlan {
  /// How many steps a workflow can have.
  static let countLimit = 256
  /// The bytes that all steps of a workflow can have as JSON.
  static let byteLimit = 1 << 20

  /// Holds steps against each other: names of their own, known dependencies, no circle.
  ///
  /// - Throws: ``ToolFailure`` `invalid_parameter` or `too_large`, naming the step.
  static func check(_ steps: [StepRequest]) throws(ToolFailure) {
    try checkSize(steps.json)
    var places: [[UInt8]: Int] = [:]
    for (index, step) in steps.enumerated() {
      guard places.updateValue(index, forKey: step.name.exact) == nil else {
        throw ToolFailure(
          .invalidParameter, "there are two steps \"\(ValueCheck.shown(step.name))\"",
          parameter: "steps[\(index)].name")
      }
    }
    var dependencies: [[Int]] = []
    for (index, step) in steps.enumerated() {
      let path = "steps[\(index)]"
      try checkCondition(step, at: path)
      var found: [Int] = []
      for (number, name) in step.dependsOn.enumerated() {
        guard let place = places[name.exact] else {
          throw unknown(name, among: steps.map(\.name), at: "\(path).depends_on[\(number)]")
        }
        found.append(place)
      }
      dependencies.append(found)
    }
    guard let circle = circle(in: dependencies) else { return }
    let names = (circle + circle.prefix(1)).map { ValueCheck.shown(steps[$0].name) }
    throw ToolFailure(
      .invalidParameter, "the steps wait for each other: \(names.joined(separator: " → "))",
      parameter: "steps[\(circle[0])].depends_on")
  }

  /// - Parameter path: the parameter's name, or the way to the step in it.
  static func checkCondition(_ step: StepRequest, at path: String) throws(ToolFailure) {
    guard step.when != .failure || !step.dependsOn.isEmpty else {
      throw ToolFailure(
        .invalidParameter,
        "\(path) is begun when a step that it depends on fails, and depends on none",
        parameter: "\(path).when")
    }
  }

  static func checkSize(_ steps: JSON) throws(ToolFailure) {
    let bytes = JSONWriter.compact(steps).utf8.count
    guard bytes > byteLimit else { return }
    throw ToolFailure(
      .tooLarge, "the steps have \(bytes) bytes together, and at most \(byteLimit) are taken",
      parameter: "steps",
      details: .object([.init("limit", .int(byteLimit)), .init("bytes", .int(bytes))]))
  }

  static func unknown(_ name: String, among names: [String], at path: String) -> ToolFailure {
    let nearest = Suggestion.nearest(to: String(name.prefix(64)), among: names)
    let hint = nearest.map { "; did you mean \"\(ValueCheck.shown($0))\"?" } ?? ""
    return ToolFailure(
      .invalidParameter, "there is no step \"\(ValueCheck.shown(name))\"\(hint)", parameter: path)
  }

  /// Some steps each of which depends on the next, the last one on the first; nil where there are none.
  private static func circle(in dependencies: [[Int]]) -> [Int]? {
    var isDone = dependencies.map { _ in false }
    var wasChanged = true
    while wasChanged {
      wasChanged = false
      for index in dependencies.indices
      where !isDone[index] && dependencies[index].allSatisfy({ isDone[$0] }) {
        isDone[index] = true
        wasChanged = true
      }
    }
    // Whoever is left depends on somebody who is left, so that walking on comes back in the end.
    guard var step = isDone.firstIndex(of: false) else { return nil }
    var path: [Int] = []
    while true {
      if let start = path.firstIndex(of: step) { return Array(path[start...]) }
      path.append(step)
      guard let next = dependencies[step].first(where: { !isDone[$0] }) else { return nil }
      step = next
    }
  }
}
