package import AgoraStore

/// A way to the tools of a marketplace: in process, over REST, over MCP.
///
/// All doors on a fresh ``TestMarketplace`` give the same answers to the same ``DoorCalls``.
package protocol Door {
  /// The marketplace behind it.
  var bazaar: TestMarketplace { get }
  /// Calls a tool.
  func call(_ tool: String, _ arguments: JSON, as caller: DoorCaller) throws -> DoorAnswer
}

/// Who calls through a door; each has a token where the door asks for one.
package enum DoorCaller: Sendable, Hashable {
  /// An agent by its name, without any authority.
  case agent(String)
  /// A caller of the highest authority.
  case `operator`

  /// The agent's name.
  package var name: String {
    switch self {
    case .agent(let name): name
    case .operator: "operator"
    }
  }

  /// The authority, 0–255.
  package var authority: Int { self == .operator ? Caller.supreme : 0 }
}

/// What comes back through a door.
package enum DoorAnswer: Equatable {
  case result(JSON)
  case failure(code: String, message: String, parameter: String?)

  /// The code of a failure; nil for a result.
  package var code: String? {
    guard case .failure(let code, _, _) = self else { return nil }
    return code
  }

  /// The answer that a failure is.
  package init(_ failure: ToolFailure) {
    self = .failure(
      code: failure.code.rawValue, message: failure.message, parameter: failure.parameter)
  }

  /// The same with what is measured left out, which is other each time.
  func comparable(_ tool: String) -> DoorAnswer {
    guard tool == "agora.admin.health", case .result(let json) = self else { return self }
    let components = json["components"]?.members?.map { JSON.Member($0.name, .null) } ?? []
    return .result(.object(components))
  }
}

/// The door that is none: calls in process.
package struct DirectDoor: Door {
  package let bazaar: TestMarketplace
  private let origin: Caller.Origin

  package init(_ bazaar: TestMarketplace, origin: Caller.Origin = .http) {
    self.bazaar = bazaar
    self.origin = origin
  }

  package func call(
    _ tool: String, _ arguments: JSON, as caller: DoorCaller
  ) throws -> DoorAnswer {
    do throws(ToolFailure) {
      let caller = Caller.bound(
        to: AgentReference(caller.name), authority: caller.authority, origin: origin)
      return .result(try bazaar.marketplace.call(tool, arguments, as: caller).result)
    } catch { return DoorAnswer(error) }
  }
}
