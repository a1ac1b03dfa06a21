extension EventFilter {
  /// What is for everyone, for who looks in nobody's name.
  public static let everyones = EventFilter(agent: Receiver.broadcastWord)
}

extension Marketplace {
  /// The filter of what a caller asks for, once, without a subscription that is kept.
  ///
  /// - Parameters:
  ///   - agent: who looks; nil is everything for an operator, else the caller's own agent, and where it has
  ///     none what is for everyone.
  ///   - types: the wanted types; nil is all.
  ///   - filters: as those of `agora.messaging.subscribe`.
  /// - Throws: ``ToolFailure`` as `agora.messaging.subscribe` does.
  public func eventFilter(
    agent: AgentReference?, types: [String]?, filters: JSONObject, as caller: Caller
  ) throws(ToolFailure) -> EventFilter {
    try looking(as: caller) { context in
      let filters = try Subscription.normalized(filters, in: context)
      var filter = EventFilter.everyones
      if agent == nil, caller.authority >= Caller.administrative {
        filter.agent = nil
      } else if let reference = agent ?? caller.agent {
        filter.agent = try context.viewer(reference, parameter: "agent_id")
      }
      filter.types = EventFilter(types: types.map { Set(Subscription.normalized($0)) }).types
      filter.values = Subscription.values(of: filters.members)
      return filter
    }
  }

  /// The active subscription of an id, for a caller who may act as its agent.
  ///
  /// - Throws: ``ToolFailure`` `not_found` when there is none or it was ended, `forbidden` when it is
  ///   another's.
  public func subscription(_ id: String, as caller: Caller) throws(ToolFailure) -> Subscription {
    let found = try subscription(id)
    guard let agent = found.filter.agent else { return found }
    return try looking(as: caller) { context in
      _ = try context.viewer(AgentReference(agent), parameter: "subscription_id")
      return found
    }
  }

  private func looking<Result: Sendable>(
    as caller: Caller, _ body: @Sendable (ToolContext) throws -> Result
  ) throws(ToolFailure) -> Result {
    let now = clock.now()
    do {
      return try store.read { connection in
        try body(self.context(connection, Subscribe.tool, now, caller))
      }
    } catch { throw ToolFailure(error) }
  }
}

extension ToolContext {
  /// The id of an agent in whose name the caller may look.
  fileprivate func viewer(_ reference: AgentReference, parameter: String) throws -> String {
    let agent = try agent(reference, parameter: parameter)
    try refuseOthers(agent, parameter: parameter)
    return agent.id
  }
}
