/// What is written down of one call of v4: never what a message says.
package struct LegacyCallRecord: Sendable, Equatable {
  package let at: Timestamp
  /// The door: `cli`, `http` or `mcp`.
  package let door: String
  package let database: String
  package let reducer: String
  /// The shape in which it came; nil where it had none that is known.
  package let shape: String?
  /// The agent as the call named it.
  package let claimed: String?
  /// Who that is.
  package let agent: String?
  /// Why it was refused; nil where it was done.
  package let code: String?
  /// How long it took, in microseconds.
  package let microseconds: Int
  /// The v5 tool that did it; nil where none did.
  package let tool: String?
  /// What of v5 it made or touched.
  package let touched: Touched

  /// What of v5 a call made or touched, or would have, where it was refused.
  package struct Touched: Sendable, Equatable {
    package var task: String?
    package var workflow: String?
    package var message: String?
    /// The agent that a message or a task was for.
    package var receiver: String?

    package init(
      task: String? = nil, workflow: String? = nil, message: String? = nil, receiver: String? = nil
    ) {
      self.task = task
      self.workflow = workflow
      self.message = message
      self.receiver = receiver
    }
  }

  package init(
    at: Timestamp, door: String, database: String, reducer: String, shape: String?,
    claimed: String?, agent: String?, code: String?, microseconds: Int, tool: String?,
    touched: Touched = Touched()
  ) {
    self.at = at
    self.door = door
    self.database = database
    self.reducer = reducer
    self.shape = shape
    self.claimed = claimed
    self.agent = agent
    self.code = code
    self.microseconds = microseconds
    self.tool = tool
    self.touched = touched
  }

  /// The record as JSON.
  package var json: JSON {
    .object([
      .init("at", .string(at.description)), .init("door", .string(door)),
      .init("database", .string(database)), .init("reducer", .string(reducer)),
      .init("shape", .optional(shape)), .init("claimed", .optional(claimed)),
      .init("agent_id", .optional(agent)),
      .init("outcome", .string(code == nil ? "done" : "refused")),
      .init("code", .optional(code)), .init("microseconds", .int(microseconds)),
      .init("tool", .optional(tool)), .init("task_id", .optional(touched.task)),
      .init("workflow_id", .optional(touched.workflow)),
      .init("message_id", .optional(touched.message)),
      .init("receiver_id", .optional(touched.receiver)),
    ])
  }
}
