/// Which steps of a workflow come before which.
struct StepGraph {
  /// The places of the steps that each one depends on.
  let dependencies: [[Int]]
  private let steps: [WorkflowStep]

  /// What can be done with a step that waits.
  enum Readiness {
    case ready, waiting, never
  }

  init(_ steps: [WorkflowStep]) {
    self.steps = steps
    var places: [[UInt8]: Int] = [:]
    // An id before a name; of several steps of one name, which only v4 has left, the first.
    for (index, step) in steps.enumerated().reversed() { places[step.name.exact] = index }
    for (index, step) in steps.enumerated() { places[step.id.exact] = index }
    // What comes before a step of v4 are the steps of the next lower order.
    var byOrder: [Int: [Int]] = [:]
    for (index, step) in steps.enumerated() {
      if let order = step.order { byOrder[order, default: []].append(index) }
    }
    let orders = byOrder.keys.sorted()
    var before: [Int: [Int]] = [:]
    for (lower, higher) in zip(orders, orders.dropFirst()) { before[higher] = byOrder[lower] }
    dependencies = steps.map { step in
      guard let names = step.dependsOn else { return step.order.flatMap { before[$0] } ?? [] }
      return names.compactMap { places[$0.exact] }
    }
  }

  func readiness(of index: Int) -> Readiness {
    let before = dependencies[index].map { steps[$0].status }
    let isOver = before.allSatisfy(\.isFinished)
    switch steps[index].when {
    case .always: return isOver ? .ready : .waiting
    case .failure:
      if before.contains(.failed) { return .ready }
      return isOver ? .never : .waiting
    case .success:
      if before.contains(.failed) || before.contains(.skipped) { return .never }
      return isOver ? .ready : .waiting
    }
  }

  /// The places of the steps that depend on one.
  func dependents(of index: Int) -> [Int] {
    dependencies.indices.filter { dependencies[$0].contains(index) }
  }
}
