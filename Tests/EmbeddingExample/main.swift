import AgoraStore

let marketplace = try Marketplace(Store(path: "agora.db", creates: true))
let start = try marketplace.position(after: nil)

// A call is a value: parameters are checked when it is made, its result has typed fields.
let owner = Caller.owner(.swift)
let reviewer = try marketplace.run(
  RegisterAgent(
    RegisterAgent.agentName("reviewer"), RegisterAgent.capabilities(["review", "docs"])),
  as: owner)
_ = try marketplace.run(RegisterAgent(RegisterAgent.agentName("author")), as: owner)

// The caller's agent is the sender where a call names none.
let author = Caller.owner(.swift, as: AgentReference("author"))
let sent = try marketplace.run(
  SendMessage(
    SendMessage.to(.agent(AgentReference("reviewer"))),
    SendMessage.content("Chapter 1 is ready"), SendMessage.priority(.high)),
  as: author)
print("sent", sent.messageID)

// Events as they are committed, by this process or another: here those that the reviewer may see.
let events = marketplace.stream(after: start, matching: EventFilter(agent: reviewer.agentID))
for try await event in events {
  print(event.type, event.data["content"]?.text ?? "-")
  if event.data["message_id"]?.text == sent.messageID { break }
}

// Any tool by its name, with JSON in and out, and failures with stable codes.
do throws(ToolFailure) {
  let arguments = JSON.object([.init("agent_id", .string("nobody"))])
  let reply = try marketplace.call("agora.agent.status", arguments, as: owner)
  print(reply.result)
} catch {
  print(error.code.rawValue, error.parameter ?? "", error.message)
}
