import AgoraStore
import Migrator
import TestSupport
import Testing

/// Input that is not what it should be: a clear error or a rejected row, and nothing half-done.
@Suite struct BadInputTests {
  /// What came of an import: rows read and rejected, or the code of the error.
  private func outcome(
    _ bytes: [UInt8], table: String? = nil, maxRowBytes: Int = 16 << 20
  ) throws -> String {
    try withTemporaryFolder { folder in
      let path = folder + "/dump"
      try write(bytes, to: path)
      var options = MigrationOptions(exports: [path])
      options.table = table
      options.maxRowBytes = maxRowBytes
      do {
        let report = try Migration(options, store: folder + "/agora.db").run()
        #expect(report.ledger.isBalanced)
        let check = try StoreCheck(Store(path: folder + "/agora.db"))
        #expect(check.isSound, "\(check.text)")
        #expect(try names(in: folder) == ["agora.db", "dump"])
        return "\(report.ledger.totals.read) read, \(report.ledger.totals.rejected) rejected"
      } catch let error as AgoraError {
        #expect(try names(in: folder) == ["dump"])
        return error.code.rawValue
      }
    }
  }

  private func outcome(_ text: String, table: String? = nil) throws -> String {
    try outcome(Array(text.utf8), table: table)
  }

  @Test func `odd rows are rejected, one by one`() throws {
    let cases: [(String, String)] = [
      // What is no row, after one that is: nothing of the former may be taken for the latter's.
      (
        #"{"agent_message":[{"message_id":"abcdefgh"},1,"x",null,[],[1],true]}"#,
        "7 read, 6 rejected"
      ),
      (#"{"custom":[{"id":"abcdefgh"},7777777777777777777777777777777]}"#, "2 read, 1 rejected"),
      (#"{"agent_message":[null,{"message_id":"a"}]}"#, "2 read, 1 rejected"),
      (
        #"{"task_assignment":[{"assignment_id":"a","progress":1e-9223372036854775808}]}"#,
        "1 read, 1 rejected"
      ),
      (
        #"{"task_assignment":[{"assignment_id":"a","progress":1e999999999999999999999}]}"#,
        "1 read, 1 rejected"
      ),
      (
        #"{"agent_message":[{"message_id":"a","priority":1e-9223372036854775808}]}"#,
        "1 read, 0 rejected"
      ),
      (
        #"{"c":[{"schema":{"elements":[{"name":{"some":"a\\"}},{"name":{"some":"\\u!!"}}]},"rows":[["x","y"]]}]}"#,
        "1 read, 0 rejected"
      ),
      (#"{"t":[{"rows":[1,2],"id":1},{"schema":{"a":1},"id":2}]}"#, "2 read, 0 rejected"),
      ("{\"custom\":[{\"id\":1,\"\u{e9}\":1,\"e\u{301}\":2}]}", "1 read, 0 rejected"),
      (
        #"{"table":"custom","row":{"id":1}}"# + "\n{\"foo\":1}\n{}\n{\"row\":1}\n",
        "4 read, 3 rejected"
      ),
      (#"{"exported_at":"2025","agent_message":[{"message_id":"a"}]}"#, "2 read, 1 rejected"),
      (#"[{"message_id":"a","from_agent":"x"},5,null]"#, "3 read, 2 rejected"),
      (#"{"agent_registry":[{"agent_id":5,"agent_name":{"x":1,"y":2}}]}"#, "1 read, 1 rejected"),
      (#"{"custom":[{"id":{"a":1,"b":2}},{"id":[7,7,7]},{"id":true}]}"#, "3 read, 3 rejected"),
    ]
    for (text, expected) in cases {
      let found = try outcome(text, table: text.hasPrefix("[") ? "agent_message" : nil)
      #expect(found == expected, "\(text)")
    }
  }

  @Test func `files that are no export say so`() throws {
    let cases: [(String, String)] = [
      ("hello", "unknown_format"), ("\"x\"", "unknown_format"), ("[[1]]", "unknown_format"),
      ("{\"agent_message\":", "truncated"), ("{\"agent_message\":[{]}", "bad_json"),
      ("{\"agent_message\":[]}}", "bad_json"),
      ("[1,2,3]", "unknown_table"), ("{\"x\":1}", "unknown_table"),
      ("{\n\"agent_message\":[{\"message_id\":\"a\"},\n", "truncated"),
      (#"{"agent_message":{"deletes":[],"inserts":[{"message_id":"a"}"#, "truncated"),
    ]
    for (text, expected) in cases { #expect(try outcome(text) == expected, "\(text)") }
  }

  /// Every shape cut at many bytes: an error that says so or rejected rows, and never a trap.
  @Test(arguments: [
    "shape-bundle/export.json", "shape-sql-1x/dump.json", "shape-bundle-of-sql/export.json",
    "shape-frames/dump.ndjson", "shape-configurations/agents.json", "shape-gzip/export.json.gz",
    "shape-rows/agent_message.json",
  ])
  func `an export cut anywhere is refused`(_ name: String) throws {
    let whole = try File.contents("\(Project.root)/fixtures/exports/\(name)")
    // A stride, since every byte would take minutes in a debug build.
    for length in stride(from: 1, to: whole.count - 2, by: 17) {
      let found = try outcome(Array(whole[..<length]), table: "agent_message")
      let refusals = ["truncated", "bad_json", "bad_gzip", "unknown_format", "empty_input"]
      let isLines = name.hasSuffix(".ndjson")
      // Of lines those that are whole are read.
      let isRead = isLines && found.hasSuffix(" rejected")
      #expect(refusals.contains(found) || isRead, "cut at \(length): \(found)")
    }
  }

  @Test func `what is too deep or too large streams by`() throws {
    let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
    let nested = "{\"custom\":[{\"id\":1,\"x\":\(deep)},{\"id\":2}]}"
    #expect(try outcome(nested) == "2 read, 1 rejected")
    let long =
      "{\"custom\":[{\"id\":1,\"x\":\"" + String(repeating: "é", count: 3_000_000)
      + "\"},{\"id\":2}]}"
    #expect(try outcome(Array(long.utf8), maxRowBytes: 1000) == "2 read, 1 rejected")
    try withTemporaryFolder { folder in
      try write(long, to: folder + "/export.json")
      var options = MigrationOptions(exports: [folder + "/export.json"])
      options.maxRowBytes = 1000
      options.rejectsFile = folder + "/rejects.ndjson"
      _ = try Migration(options, store: folder + "/agora.db").run()
      // The whole row comes back, byte for byte.
      let reject = try JSON.parse(contents(folder + "/rejects.ndjson"))
      let row = "{\"id\":1,\"x\":\"" + String(repeating: "é", count: 3_000_000) + "\"}"
      let isWhole = reject["row"]?.text == row
      #expect(isWhole)
      #expect(reject["code"]?.text == "too_large")
    }
  }

  @Test func `outputs never overwrite what the run reads or makes`() throws {
    try withTemporaryFolder { folder in
      let export = folder + "/export.json"
      let store = folder + "/agora.db"
      try write("{\"agent_message\":[]}", to: export)
      for (rejects, map) in [
        (export, nil), (nil, export), (store, nil), (store + "-wal", nil),
        (folder + "/x", folder + "/x"),
        (folder + "/../" + File.name(of: folder) + "/export.json", nil),
      ] as [(String?, String?)] {
        var options = MigrationOptions(exports: [export])
        options.rejectsFile = rejects
        options.idMapFile = map
        let error = #expect(throws: AgoraError.self) { try Migration(options, store: store).run() }
        #expect(error?.code == .misuse, "\(rejects ?? "-") \(map ?? "-")")
      }
      // Nor does a dry run, which works on a copy, or an export.
      _ = try Migration(MigrationOptions(exports: [export]), store: store).run()
      let before = try Store(path: store).contentHash()
      var dry = MigrationOptions(exports: [export])
      dry.isDryRun = true
      dry.rejectsFile = store
      #expect(throws: AgoraError.self) { try Migration(dry, store: store).run() }
      #expect(throws: AgoraError.self) { try RecordExport.write(Store(path: store), to: store) }
      #expect(throws: AgoraError.self) {
        try V4Export.write(Store(path: store), source: nil, to: store)
      }
      #expect(try Store(path: store).contentHash() == before)
      try File.remove(store)
      // A file that cannot be made stops the run before it begins.
      var options = MigrationOptions(exports: [export])
      options.idMapFile = folder + "/nowhere/map"
      #expect(throws: AgoraError.self) { try Migration(options, store: store).run() }
      #expect(try names(in: folder) == ["export.json"])
    }
  }

  @Test func `many rows of one id, and columns by the thousand, take no square of the time`() throws
  {
    let rows = (0..<5000).map { #"{"message_id":"a","from_agent":"x","content":"\#($0)"}"# }
    #expect(
      try outcome("{\"agent_message\":[\(rows.joined(separator: ","))]}") == "5000 read, 0 rejected"
    )
    let columns = (0..<5000).map { "\"c\($0)\":\($0)" }.joined(separator: ",")
    #expect(
      try outcome("{\"agent_message\":[{\"message_id\":\"a\",\(columns)}]}") == "1 read, 0 rejected"
    )
    let spaces = String(repeating: " ", count: 200_000)
    #expect(try outcome(spaces + "{\"agent_message\":[]}") == "0 read, 0 rejected")
  }

  @Test func `another encoding and bytes that are none are named`() throws {
    let text = #"{"agent_message":[{"message_id":"1"}]}"#
    func wide(_ width: Int, bigEndian: Bool) -> [UInt8] {
      let zeros = [UInt8](repeating: 0, count: width - 1)
      return text.utf8.flatMap { bigEndian ? zeros + [$0] : [$0] + zeros }
    }
    func result(_ more: String, _ bytes: [UInt8]) -> [UInt8] {
      Array(
        #"[{"schema":{"elements":[{"name":{"some":"message_id"}}]},"rows":[["1"]],"more":"#.utf8)
        + Array(more.utf8) + bytes + Array("\"}]".utf8)
    }
    let euro = Array("€".utf8)
    let cases: [(String, [UInt8], String)] = [
      ("UTF-16BE", wide(2, bigEndian: true), "bad_encoding"),
      ("UTF-16LE", wide(2, bigEndian: false), "bad_encoding"),
      ("UTF-32BE", wide(4, bigEndian: true), "bad_encoding"),
      ("UTF-32LE", wide(4, bigEndian: false), "bad_encoding"),
      ("UTF-32 with its mark", [0xff, 0xfe, 0, 0] + wide(4, bigEndian: false), "bad_encoding"),
      ("a member that is passed over", result("\"x", [0xff]), "bad_json"),
      ("half a character", result("\"x", Array(euro.dropLast())), "bad_json"),
      ("a whole one", result("\"x", euro), "1 read, 0 rejected"),
      (
        "one that lies across two pieces of a file",
        result("\"" + String(repeating: "x", count: 262_142), euro + euro), "1 read, 0 rejected"
      ),
    ]
    for (what, bytes, expected) in cases {
      #expect(
        try outcome(bytes, table: what.contains("UTF") ? nil : "agent_message") == expected,
        "\(what)")
    }
  }

  @Test func `a folder in the place of the staging file is named`() throws {
    try withTemporaryFolder { folder in
      try write(#"{"agent_message":[]}"#, to: folder + "/e.json")
      _ = try File.temporaryFolder(in: folder, prefix: "x")
      let made = try names(in: folder).first { $0.hasPrefix("x") } ?? ""
      try File.rename(folder + "/" + made, to: folder + "/agora.db.migrating")
      let refusal = #expect(throws: AgoraError.self) {
        try Migration(
          MigrationOptions(exports: [folder + "/e.json"]), store: folder + "/agora.db"
        ).run()
      }
      #expect(refusal?.code == .isFolder && refusal?.description.contains(".migrating") == true)
    }
  }
}
