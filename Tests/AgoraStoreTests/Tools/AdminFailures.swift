import AgoraStore
import TestSupport
import Testing

/// What the administrators' tools refuse.
extension FailureTests {
  static let halted255 = """
    INSERT INTO overrides SELECT 'ovr_1',agent_id,'pause','test',201,'operator',1,'active',NULL,NULL
    FROM agents WHERE agent_name='A'
    """
  static let terminated = """
    UPDATE agents SET status='terminated' WHERE agent_name='A';
    INSERT INTO overrides SELECT 'ovr_1',agent_id,'terminate','test',255,'operator',1,'done',NULL,NULL
    FROM agents WHERE agent_name='A'
    """
  static let officer = Caller.bound(to: AgentReference("B"), authority: 200, origin: .http)
  private static func override(
    _ target: String, _ action: String, _ code: ToolFailure.Code, caller: Caller = .owner(.swift),
    level: Int = 200, given: String = ""
  ) -> Case {
    Case(
      tool: "agora.admin.override", code: code,
      parameters:
        #"{"target_id":"\#(target)","action":"\#(action)","reason":"test","priority":\#(level)}"#,
      caller: caller, given: given)
  }
  private static func manage(
    _ parameters: String, _ code: ToolFailure.Code, caller: Caller = .owner(.swift),
    given: String = ""
  ) -> Case {
    Case(
      tool: "agora.admin.manage", code: code, parameters: parameters, caller: caller, given: given)
  }
  private static func deprecate(_ rest: String, name: String = "agora.messaging.send") -> String {
    #"{"action":"deprecate_service","service_name":"\#(name)","version":"1.0.0"\#(rest)}"#
  }
  static let dates =
    #","deprecation_date":"2025-06-06T10:00:00Z","sunset_date":"2025-07-06T10:00:00Z""#
  static let instead = #","replacement":"agora.messaging.receive""#

  static let admin: [Case] = [
    override("nobody", "pause", .notFound),
    override("wf_00000000000070008000000000000000", "pause", .notFound),
    override("twice", "pause", .conflict, given: ambiguous),
    override("A", "resume", .conflict), override("system_wide", "resume", .conflict),
    override("A", "pause", .conflict, given: terminated),
    override("A", "terminate", .conflict, given: terminated),
    override("B", "pause", .forbidden, caller: officer, level: 201),
    override("A", "resume", .forbidden, given: halted255),
    override("A", "terminate", .forbidden, given: halted255),
    override(
      "B", "pause", .forbidden,
      caller: .bound(to: AgentReference("A"), authority: 200, origin: .http), given: suspended),
    override("B", "pause", .invalidParameter, level: 256),
    override("B", "stop", .invalidParameter),
    Case(
      tool: "agora.admin.override", code: .invalidParameter,
      parameters: #"{"target_id":"A","action":"pause","reason":"","priority":1}"#),
    Case(
      tool: "agora.admin.health", code: .invalidParameter, parameters: #"{"component":"heart"}"#),
    manage(#"{"action":"set_agent_status","agent_id":"nobody","status":"paused"}"#, .notFound),
    manage(#"{"action":"set_agent_status","agent_id":"A"}"#, .invalidParameter),
    manage(
      #"{"action":"set_agent_status","agent_id":"A","status":"paused","key":"x"}"#,
      .invalidParameter),
    manage(
      #"{"action":"set_agent_status","agent_id":"twice","status":"paused"}"#, .conflict,
      given: ambiguous),
    manage(
      #"{"action":"set_agent_status","agent_id":"A","status":"paused"}"#, .halted,
      given: halted255),
    manage(
      #"{"action":"set_agent_status","agent_id":"A","status":"active"}"#, .forbidden,
      caller: officer, given: terminated),
    manage(deprecate(dates), .invalidParameter), manage(deprecate(instead), .invalidParameter),
    manage(
      deprecate(#","deprecation_date":"2025-06-06T10:00:00Z""# + instead), .invalidParameter),
    manage(
      deprecate(
        #","deprecation_date":"2025-06-06T10:00:01Z","sunset_date":"2025-06-06T10:00:00Z""#
          + instead), .invalidParameter),
    manage(deprecate(dates + #","replacement":"agora.messaging.sned""#), .invalidParameter),
    manage(deprecate(dates + #","replacement":"agora.messaging.send""#), .invalidParameter),
    manage(deprecate(dates + #","replacement":"agora_messaging_send@^1""#), .invalidParameter),
    manage(
      deprecate(dates + instead), .conflict,
      given:
        "UPDATE services SET status='deprecated', deprecation_date=1, replacement='x', status_set_by='o' WHERE service_name='agora.messaging.receive'"
    ),
    manage(deprecate(dates + instead, name: "agora.admin.manage"), .conflict),
    manage(deprecate(dates + instead, name: "agora.admin.override"), .conflict),
    manage(deprecate(dates + instead, name: "agora.no.such"), .notFound),
    manage(
      #"{"action":"activate_service","service_name":"agora.agent.status","version":"9.0.0"}"#,
      .notFound),
    manage(
      #"{"action":"activate_service","service_name":"agora.agent.status","version":"^1"}"#,
      .invalidParameter),
    manage(
      #"{"action":"set_config","key":"events.keep_dasy","value":5}"#, .invalidParameter),
    manage(#"{"action":"set_config","key":"events.keep_days","value":0}"#, .invalidParameter),
    manage(#"{"action":"set_config","key":"events.keep_days"}"#, .invalidParameter),
    manage(#"{"action":"set_config","key":"events.keep_days","value":"5"}"#, .invalidParameter),
    manage(#"{"action":"get_config","key":"nothing"}"#, .invalidParameter),
  ]
}
