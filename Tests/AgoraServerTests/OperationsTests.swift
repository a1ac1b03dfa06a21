import AgoraStore
import CompatProxy
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import AgoraServer

/// What operators look at.
@Suite struct OperationsTests {
  @Test func `health tells the version, and readiness whether work can be done`() throws {
    try withTemporaryFolder { folder in
      let harness = try ServiceHarness(in: folder)
      let health = try harness.ask("GET /health")
      #expect(health.status == 200 && health.json["version"]?.text == "5.0.0")
      #expect(health.json["timestamp"]?.text == harness.bazaar.now.description)
      #expect(health.json["status"]?.text == "healthy")
      let ready = try harness.ask("GET /ready")
      #expect(ready.status == 200 && ready.json["ready"] == .bool(true), "\(ready.text)")
      let halt =
        #"{"target_id":"system_wide","action":"emergency_halt","reason":"private","priority":9}"#
      try harness.bazaar.call("agora.admin.override", halt)
      let halted = try harness.ask("GET /ready")
      #expect(halted.status == 503 && halted.code == "halted")
      // Nobody is asked for a token here.
      #expect(halted.text.contains("emergency_halt") && !halted.text.contains("private"))
      #expect(try harness.ask("GET /health").status == 200)
      let resume = #"{"target_id":"system_wide","action":"resume","reason":"r","priority":9}"#
      try harness.bazaar.call("agora.admin.override", resume)
      harness.pass(seconds: 5)
      // Somebody holds the write lock: nothing can be written until it is given back.
      let other = try Connection(path: harness.bazaar.store.path, mode: .readWrite)
      try other.execute("BEGIN IMMEDIATE")
      let busy = try harness.ask("GET /ready")
      #expect(busy.status == 503 && busy.code == "unavailable", "\(busy.text)")
      try other.execute("ROLLBACK")
      harness.pass(seconds: 5)
      #expect(try harness.ask("GET /ready").status == 200)
    }
  }

  /// A line of Prometheus' text format, read as its grammar has it.
  private struct Sample {
    let name: String
    let labels: String
    let value: Double
  }

  private func samples(_ text: String) throws -> [Sample] {
    var kinds: [String: String] = [:]
    return try text.split(separator: "\n").compactMap { line in
      if line.hasPrefix("#") {
        let words = line.split(separator: " ", maxSplits: 3)
        if words[1] == "TYPE" { kinds[String(words[2])] = String(words[3]) }
        return nil
      }
      let grammar =
        #/([a-z_0-9]+)(\{([a-z_]+="(?:[^"\\\n]|\\.)*"(?:,[a-z_]+="(?:[^"\\\n]|\\.)*")*)\})? ([0-9.e+-]+)/#
      let match = try #require(try grammar.wholeMatch(in: line), "\(line)")
      let family = String(match.1)
      let base = ["_bucket", "_sum", "_count"].first { family.hasSuffix($0) }
        .map { String(family.dropLast($0.count)) }
      #expect(kinds[family] != nil || base.flatMap { kinds[$0] } == "histogram", "\(line)")
      return Sample(
        name: family, labels: match.3.map(String.init) ?? "", value: Double(match.4) ?? -1)
    }
  }

  @Test func `figures are Prometheus' text, with calls, requests and the migration`() throws {
    try withTemporaryFolder { folder in
      let harness = try ServiceHarness(in: folder)
      for body in [#"{"agent_name":"ann"}"#, "{}"] {
        _ = try harness.ask("POST /agora/agent/register", body: body)
      }
      _ = try harness.ask("POST /agora/no/such", body: "{}")
      let proxy = Proxy(harness.bazaar.marketplace)
      for reducer in ["agent_heartbeat", "made_up\"\n"] {
        _ = proxy.answer(
          LegacyCall(
            database: "agora-marketplace", reducer: reducer, arguments: .words(["x"]), door: "http")
        )
      }
      try harness.bazaar.store.write { connection in
        try connection.execute(
          """
          INSERT INTO migration_runs(run, run_id, source, status, started_at, options, report)
          VALUES(1,'run_1','s"\\','completed',1,'{}','{}'),(2,'run_2','s"\\','rolled_back',1,'{}','{}');
          INSERT INTO migration_ledger VALUES(1,0,'agent_message',6,4,1,0,0,1),(2,0,'agent_message',9,9,0,0,0,0)
          """)
      }
      for status in [200, 200, 404] {
        harness.parts.metrics.answered(
          Exchange(
            id: "id", client: "c", method: .get, path: "/x", route: "/x",
            status: HTTPStatus(status),
            received: 1, sent: 2, milliseconds: 3, isWhole: true))
      }
      let page = try harness.ask("GET /metrics")
      #expect(page.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
      #expect(page.text.hasSuffix("\n"))
      let found = try samples(page.text)
      let wanted: [(String, String, Double)] = [
        ("agora_http_requests_total", #"method="GET",route="/x",status="200""#, 2),
        ("agora_http_request_duration_seconds_bucket", #"method="GET",route="/x",le="0.002""#, 0),
        ("agora_http_request_duration_seconds_bucket", #"method="GET",route="/x",le="0.005""#, 3),
        ("agora_http_request_duration_seconds_bucket", #"method="GET",route="/x",le="+Inf""#, 3),
        ("agora_http_request_duration_seconds_sum", #"method="GET",route="/x""#, 0.009),
        ("agora_http_request_duration_seconds_count", #"method="GET",route="/x""#, 3),
        ("agora_http_sent_bytes_total", "", 6), ("agora_http_connections_open", "", 0),
        (
          "agora_tool_calls_total",
          #"tool="agora.agent.register",door="http",outcome="done""#, 1
        ),
        (
          "agora_tool_calls_total",
          #"tool="agora.agent.register",door="http",outcome="invalid_parameter""#, 1
        ),
        ("agora_tool_calls_total", #"tool="-",door="http",outcome="not_found""#, 1),
        ("agora_agents", #"status="active""#, 2),
        ("agora_v4_calls_total", #"reducer="(unknown)",outcome="unknown_reducer""#, 1),
        ("agora_migration_rows", #"source="s\"\\",outcome="imported""#, 4),
        ("agora_migration_rows", #"source="s\"\\",outcome="rejected""#, 1),
        ("agora_migration_runs", #"source="s\"\\",status="rolled_back""#, 1),
        ("agora_migration_outstanding", #"kind="conflicts""#, 0), ("agora_store_readable", "", 1),
      ]
      for (name, labels, value) in wanted {
        let sample = found.first { $0.name == name && $0.labels == labels }
        #expect(sample?.value == value, "\(name){\(labels)}")
      }
      let keys = found.map { "\($0.name){\($0.labels)}" }
      #expect(Set(keys).count == keys.count)
    }
  }

  @Test func `the log is one JSON object a line, or words, and as loud as was asked for`() throws {
    let rows: [(LogFormat, LogLevel, String)] = [
      (
        .json, .info,
        #"{"time":"1970-01-01T00:00:00Z","level":"info","message":"it is","a":"b c","n":1,"x":null}"#
      ),
      (.text, .info, #"1970-01-01T00:00:00Z info it is a="b c" n=1"#),
      (.text, .warning, "1970-01-01T00:00:00Z error last"),
    ]
    for (format, level, wanted) in rows {
      let text = Mutex("")
      let sink = Sink(text)
      let log = ServerLog(format, level: level, clock: .fixed(Timestamp(microseconds: 0))) {
        sink.add($0)
      }
      log.note(.debug, "not said")
      log.note(
        .info, "it is", [.init("a", .string("b c")), .init("n", .int(1)), .init("x", .null)])
      log.note(.error, "last")
      log.finish()
      let lines = sink.text.split(separator: "\n").map(String.init)
      #expect(lines.first == wanted && lines.count == (level == .info ? 2 : 1))
    }
    for (word, level) in [
      ("DEBUG", LogLevel.debug), ("Warn", .warning), ("warning", .warning), ("ERROR", .error),
    ] {
      #expect(LogLevel(word: word) == level)
    }
    #expect(LogLevel(word: "loud") == nil)
  }

  private final class Sink: Sendable {
    private let state: Mutex<String>
    init(_ state: consuming Mutex<String>) { self.state = state }
    func add(_ text: String) { state.withLock { $0 += text } }
    var text: String { state.withLock { $0 } }
  }
}
