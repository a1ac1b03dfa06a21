import AgoraStore

/// What a call of v4 says, before anything is done: its reducer, its shape, its plan, or why it has none.
struct CallReading {
  let call: LegacyCall
  private(set) var reducer: Reducer?
  private(set) var bound: BoundCall?
  private(set) var plan: Plan?
  /// Why nothing can be done.
  private(set) var refusal: Refusal?
  let lookups: StoreLookups

  /// - Throws: the store's errors; what is wrong with the call is ``refusal``.
  init(_ call: LegacyCall, _ connection: Connection) throws {
    self.call = call
    lookups = StoreLookups(connection)
    do throws(Refusal) {
      let reducer = try Reducer.named(call.reducer)
      self.reducer = reducer
      // Whatever its arguments are, what has to be known of it is that it is gone.
      if let withdrawal = reducer.withdrawal {
        bound = try? BoundCall(call, reducer)
        throw withdrawal
      }
      let bound = try BoundCall(call, reducer)
      self.bound = bound
      plan = try reducer.plan(bound, lookups)
    } catch { refusal = error }
    if let error = lookups.error { throw error }
  }

  /// The agent from whom the call comes, as it says; also where it says nothing else that fits.
  var claimed: String? {
    if let plan { return plan.claimed }
    return reducer?.claimed(in: call.arguments)
  }

  /// Whether it is a message that is urgent, or more.
  var isUrgentMessage: Bool {
    guard let bound, Self.messages.contains(bound.reducer) else { return false }
    return LegacyMessage.priority(bound.text("priority")).word == Priority.urgent.rawValue
  }

  private static let messages: Set<String> = [
    "send_agent_message", "send_message", "broadcast_to_agents",
  ]

  /// The call of v5 that does the same.
  var replacement: Replacement {
    let usual = reducer?.replacement ?? "agora.discovery.list"
    return plan?.replacement(usual: usual, lookups) ?? Replacement(usual)
  }

  /// The records that the call is about, as far as they are there.
  func touched(in group: CallGroup) throws -> LegacyCallRecord.Touched {
    var touched = LegacyCallRecord.Touched()
    let context = group.recordingContext(as: .owner(.v4))
    for step in plan?.steps ?? [] {
      switch step {
      case .call(let use): touched.note(use, context)
      case .assign(let use, let workflow):
        touched.note(use, context)
        touched.workflow = workflow.flatMap { lookups.workflow($0) }
      case .coordinate(_, let id), .workflowStatus(_, let id):
        touched.workflow = lookups.workflow(id)
      case .claim(let task, _): touched.task = task
      case .event(let report): touched.receiver = report.target.flatMap { context.agentIfClear($0) }
      case .named, .alias, .agentStatus, .alive, .ask: continue
      }
    }
    if let error = lookups.error { throw error }
    return touched
  }
}

extension LegacyCallRecord.Touched {
  fileprivate mutating func note(_ use: PlanStep.ToolUse, _ context: ToolContext) {
    func argument(_ name: String) -> String? { use.arguments.first { $0.name == name }?.value.text }
    if let task = argument("task_id") { self.task = task }
    let name = argument("to_agent") ?? argument("assignee")
    if let name, name != Receiver.broadcastWord { receiver = context.agentIfClear(name) }
  }

  /// Adds what running the plan has made.
  mutating func complete(with other: Self) {
    task = other.task ?? task
    workflow = other.workflow ?? workflow
    message = other.message ?? message
    receiver = other.receiver ?? receiver
  }
}

extension Written {
  /// Whether it can be a name: a word, or a JSON string.
  fileprivate var isText: Bool {
    guard case .value(let json) = self else { return true }
    return json.text != nil
  }
}

extension Reducer {
  /// The parameters that name the caller, the surest first.
  private static let callers = [
    "from_agent", "agent_name", "agent_id", "requesting_agent", "coordinator_agent",
    "initiator_agent", "source_agent",
  ]

  /// The agent that arguments name as their caller, whether they fit the reducer or not.
  func claimed(in arguments: LegacyCall.Arguments) -> String? {
    let given: [(LegacyParameter, Written)] =
      switch arguments {
      case .named(let members): named(members.map { ($0.name, .value($0.value)) })
      case .values(let values): placed(values.map { .value($0) })
      case .document(let bytes):
        switch try? JSON.parse(bytes) {
        case .array(let values)?: placed(values.map { .value($0) })
        case .object(let members)?: named(members.map { ($0.name, .value($0.value)) })
        default: []
        }
      case .words(let words):
        words.first?.hasPrefix("--") == true && words.first != "--"
          ? flagged(words) : placed(words.filter { $0 != "--" }.map { .word($0) })
      }
    for name in Self.callers {
      guard let written = given.first(where: { $0.0.name == name })?.1,
        let inside = written.unwrapped, inside.isText, !inside.text.isEmpty
      else { continue }
      return inside.text
    }
    return nil
  }

  private func named(_ given: [(String, Written)]) -> [(LegacyParameter, Written)] {
    given.compactMap { name, written in
      shapes.lazy.flatMap(\.parameters).first { $0.isNamed(name) }.map { ($0, written) }
    }
  }

  private func placed(_ given: [Written]) -> [(LegacyParameter, Written)] {
    let shapes = shapes.filter(\.isPositional)
    let shape =
      shapes.first { $0.parameters.count == given.count && $0.fits(given) } ?? shapes.first
    return Array(zip(shape?.parameters ?? [], given))
  }

  private func flagged(_ words: [String]) -> [(LegacyParameter, Written)] {
    var found: [(String, Written)] = []
    for (index, word) in words.enumerated() where word.hasPrefix("--") {
      let parts = word.dropFirst(2).split(
        separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = parts.first else { continue }
      if parts.count == 2 {
        found.append((String(name), .word(String(parts[1]))))
      } else if index + 1 < words.count {
        found.append((String(name), .word(words[index + 1])))
      }
    }
    return named(found)
  }
}
