import AgoraStore
import CompatProxy

/// `agora sunset`: v4 is brought to its end.
enum SunsetCommands {
  static let status = Command(
    words: ["sunset", "status"], summary: "Shows how far v4 is from its end.",
    options: [Command.store],
    discussion: """
      The phases are compatibility (calls of v4 are answered without a word), warning (each answer names the call of v5 to make instead), brownout (calls fail in announced windows) and sunset (all calls fail). A phase never changes by itself.
      """,
    run: { invocation in
      let store = try invocation.openStore()
      let status = try SunsetStatus(store, at: Clock.system.now())
      try invocation.report(status.json, status.text)
      return .done
    })

  static let set = Command(
    words: ["sunset", "set"], summary: "Goes to a phase, forward or back.",
    operands: [.init(name: "compatibility|warning|brownout|sunset", help: "The phase.")],
    options: [date, reason, force, Command.store],
    discussion: """
      Into sunset only with an open readiness gate (agora monitor --gate), else exit code 6; --force with --reason goes there all the same.

      The first phase that warns broadcasts a deprecation_notice to all agents, once.
      """,
    run: { invocation in
      let phase = try Invocation.choice(
        invocation.operands[0], of: "agora sunset set", SunsetPhase.self)
      return try change(invocation) { control in
        try control.set(phase, date: try instant("date", invocation), try decision(invocation))
      }
    })

  static let schedule = Command(
    words: ["sunset", "schedule"],
    summary: "Announces the end of v4 and its brownouts.",
    options: [
      date,
      .init(
        name: "windows", value: "LENGTHS",
        help: "How long each lasts (default 5m,1h,4h,8h), at most a day each."),
      .init(
        name: "budget", value: "N",
        help: "After more refused calls than this a window ends early (default 1000)."),
      reason, Command.store,
    ],
    discussion: """
      Window k of n starts n - k + 1 days before the date: the last one a day before it, the one before it two days before it. In a window calls of v4 fail to the second, but for exempted agents and for messages of urgent and emergency priority. A date alone changes no phase: windows hold in the phase brownout.

      Example:
        agora sunset schedule --date 2026-12-01 --windows 5m,1h,4h,8h
      """,
    run: { invocation in
      guard let date = try instant("date", invocation) else {
        throw AgoraError(.misuse, "agora sunset schedule needs --date DATE")
      }
      let lengths = try lengths(invocation)
      let budget = try invocation.number("budget", in: 0...1_000_000_000)
      return try change(invocation) { control in
        try control.schedule(
          date, lengths: lengths, budget: budget, try decision(invocation))
      }
    })

  static let advance = Command(
    words: ["sunset", "advance"], summary: "Goes one phase on.",
    options: [reason, force, Command.store],
    discussion: "Into sunset only with an open readiness gate, else exit code 6.",
    run: { invocation in
      try change(invocation) { try $0.advance(try decision(invocation)) }
    })

  static let revert = Command(
    words: ["sunset", "revert"], summary: "Goes one phase back.",
    options: [reason, force, Command.store],
    discussion: "Nothing stands against going back, so --force changes nothing here.",
    run: { invocation in
      try change(invocation) { try $0.revert(try decision(invocation)) }
    })

  static let exempt = Command(
    words: ["sunset", "exempt"], summary: "Lets an agent's calls pass in windows until a date.",
    operands: [agent],
    options: [
      .init(name: "until", value: "DATE", help: "Until when (RFC 3339, or a day, UTC)."), reason,
      Command.store,
    ],
    run: { invocation in
      guard let until = try instant("until", invocation) else {
        throw AgoraError(.misuse, "agora sunset exempt needs --until DATE")
      }
      let reason = try required("exempt", invocation)
      let exemption = try control(invocation).taking {
        try $0.exempt(invocation.operands[0], until: until, reason: reason)
      }
      invocation.reportDone(
        .object([
          .init("agent_id", .string(exemption.agent)), .init("name", .string(exemption.name)),
          .init("until", .string(exemption.until.description)),
          .init("reason", .string(exemption.reason)),
        ]), "\(TextTable.visible(exemption.name)) is exempted until \(exemption.until)")
      return .done
    })

  static let acknowledge = Command(
    words: ["sunset", "acknowledge"],
    summary: "Says that silent agents need not be waited for.",
    operands: [.init(name: agent.name, help: agent.help, isRequired: false, repeats: true)],
    options: [
      reason,
      .init(
        name: "all", help: "All silent agents that still own something, as agora monitor has them."),
      Command.store,
    ],
    run: acknowledge)

  private static func acknowledge(_ invocation: Invocation) throws -> ExitCode {
    let reason = try required("acknowledge", invocation)
    guard invocation.operands.isEmpty == invocation.has("all") else {
      throw AgoraError(.misuse, "agora sunset acknowledge takes either agents or --all")
    }
    let marketplace = try Marketplace(invocation.openStore())
    let (waiting, callers) = try Readiness.standing(marketplace, at: marketplace.now)
    let agents = invocation.has("all") ? waiting : invocation.operands
    let silent = try SunsetControl(marketplace, gate: Readiness.gate).taking {
      try $0.acknowledge(agents, reason: reason, callers: callers)
    }
    func json(_ silent: SilentAcknowledgement) -> JSON {
      .object([
        .init("agent_id", .string(silent.agent)), .init("name", .string(silent.name)),
        .init("reason", .string(silent.reason)), .init("at", .string(silent.at.description)),
      ])
    }
    let isOne = silent.count == 1 && !invocation.has("all")
    invocation.reportDone(
      isOne ? json(silent[0]) : .object([.init("acknowledged", .array(silent.map(json)))]),
      silent.isEmpty
        ? "No silent agent owns anything"
        : silent.map { "\(TextTable.visible($0.name)) is acknowledged as silent" }
          .joined(separator: "\n"))
    return .done
  }

  // MARK: what they have in common

  private static let agent = Command.Operand(
    name: "AGENT", help: "An agent's name, its id, or a name that it had on v4.")
  private static let date = Command.Option(
    name: "date", value: "DATE", help: "When v4 ends (RFC 3339, or a day, UTC).")
  private static let reason = Command.Option(
    name: "reason", value: "TEXT", help: "Why, for the history.")
  private static let force = Command.Option(
    name: "force", help: "Switches v4 off although the readiness gate is closed; needs --reason.")

  private static func instant(_ name: String, _ invocation: Invocation) throws -> Timestamp? {
    guard let text = invocation.value(name) else { return nil }
    guard let instant = Timestamp(text) else {
      throw AgoraError(
        .misuse, "--\(name) takes an instant, not \"\(TextTable.visible(text))\"",
        remedy: "Write it as 2026-12-01 or 2026-12-01T00:00:00Z.")
    }
    return instant
  }

  private static func lengths(_ invocation: Invocation) throws -> [Int64]? {
    guard let text = invocation.value("windows") else { return nil }
    let lengths = text.split(separator: ",", omittingEmptySubsequences: false).map {
      SunsetStatus.seconds($0)
    }
    guard lengths.count <= 31, !lengths.contains(nil) else {
      throw AgoraError(
        .misuse, "--windows takes lengths such as 5m,1h,4h,8h, at most 31 of a day at most each")
    }
    return lengths.compactMap { $0 }
  }

  private static func required(_ command: String, _ invocation: Invocation) throws -> String {
    guard let reason = invocation.value("reason") else {
      throw AgoraError(.misuse, "agora sunset \(command) needs --reason TEXT")
    }
    return reason
  }

  /// Goes to the phase that the environment of a server asks for, and never back.
  ///
  /// - Throws: ``AgoraError`` `misuse` where a variable is another word, `not_ready`.
  static func applyEnvironment(to marketplace: Marketplace) throws {
    guard let phase = try SunsetEnvironment().phase else { return }
    let control = SunsetControl(marketplace, gate: Readiness.gate)
    do { _ = try control.taking { try $0.raise(to: phase) } } catch SunsetFault.notReady(let closed)
    {
      throw AgoraError(
        .notReady,
        "COMPATIBILITY_MODE=disabled switches v4 off, and it is not ready: "
          + closed.map { "\($0.name) (\($0.reason))" }.joined(separator: ", "),
        remedy: "See agora monitor --gate, or say agora sunset set sunset --force --reason TEXT.")
    }
  }

  private static func decision(_ invocation: Invocation) throws -> SunsetControl.Decision {
    let reason = invocation.value("reason")
    guard reason != nil || !invocation.has("force") else {
      throw AgoraError(.misuse, "--force needs --reason TEXT")
    }
    return SunsetControl.Decision(reason: reason, isForced: invocation.has("force"))
  }

  private static func control(_ invocation: Invocation) throws -> SunsetControl {
    SunsetControl(try Marketplace(invocation.openStore()), gate: Readiness.gate)
  }

  private static func change(
    _ invocation: Invocation, _ body: (SunsetControl) throws -> SunsetControl.Change
  ) throws -> ExitCode {
    let control = try control(invocation)
    let change: SunsetControl.Change
    do { change = try control.taking(body) } catch SunsetFault.notReady(let closed) {
      Terminal.say(
        (["agora: v4 is not ready to be switched off; nothing was changed"]
          + closed.map { gate in
            "  \(gate.name): \(gate.reason)" + (gate.remedy.map { "\n    \($0)" } ?? "")
          } + ["  agora sunset … --force --reason TEXT goes on all the same."])
          .joined(separator: "\n"))
      if invocation.wantsJSON {
        try Terminal.print(
          JSONWriter.pretty(
            .object([
              .init("status", .string("not_ready")),
              .init("gates", .array(closed.map(\.json))),
            ])))
      }
      return .notReady
    }
    if change.after.noticedAt != change.before.noticedAt {
      Terminal.say("agora: a deprecation_notice was broadcast to all agents")
    }
    if change.after.phase == .brownout, change.after.windows.isEmpty {
      Terminal.say(
        "agora: no window is announced, so nothing fails yet; agora sunset schedule --date DATE announces some"
      )
    }
    let status = try SunsetStatus(invocation.openStore(), at: Clock.system.now())
    invocation.reportDone(status.json, status.text)
    return .done
  }
}

extension SunsetControl {
  /// Takes a decision; what makes no sense is told as every command tells it.
  func taking<Result>(_ body: (SunsetControl) throws -> Result) throws -> Result {
    do { return try body(self) } catch let fault as SunsetFault {
      switch fault {
      case .misuse(let text, let remedy): throw AgoraError(.misuse, text, remedy: remedy)
      case .noPhase(let text, let remedy): throw AgoraError(.notFound, text, remedy: remedy)
      case .overtaken:
        throw AgoraError(
          .busy, "somebody else decided in the same moment", remedy: "Look, and say it again.")
      case .noAgent(let name):
        throw AgoraError(
          .notFound, "there is no agent \"\(TextTable.visible(name))\"",
          remedy: "agora call agora.query.agents lists them.")
      case .stillCalling(let name):
        throw AgoraError(
          .refused, "\(TextTable.visible(name)) is not silent: it is on v4",
          remedy:
            "agora compat log shows its calls; agora sunset exempt lets them pass for a while.")
      case .notReady: throw fault
      }
    } catch let failure as ToolFailure where failure.code == .halted {
      throw AgoraError(
        .halted, failure.message,
        remedy: "agora call agora.admin.override with the action resume ends the halt.")
    } catch let failure as ToolFailure {
      throw failure.fault ?? AgoraError(.broken, failure.message)
    }
  }
}
