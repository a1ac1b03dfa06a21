import AgoraStore
import Monitor
import TestSupport
import Testing

@Suite struct GateTests {
  private static let day: Int64 = 86_400_000_000

  /// A store that came from v4 long ago, with every gate open.
  private func ready(in folder: String) throws -> TestMarketplace {
    let market = try TestMarketplace(in: folder)
    let now = TestMarketplace.start
    _ = try market.store.write { connection in
      for sql in [
        "INSERT INTO migration_runs VALUES(1,'run_1','s','completed',\(now - 30 * Self.day),\(now - 30 * Self.day),1,'{}','{}',NULL)",
        "INSERT INTO agents(agent_id,agent_name) VALUES('agent_00000000000050000000000000000001','old')",
        "INSERT INTO verifications(source,run,verified_at,status,rows_compared,mismatches,missing,extra,rows_imported,rows_covered) VALUES('s',1,\(now - 3 * Self.day),'identical',9,0,0,0,9,9)",
        "INSERT INTO backups(path,bytes,taken_at,run) VALUES('b.db',1,\(now - Self.day),1)",
        // A busy machine's disk is no obstacle here.
        "INSERT INTO configuration VALUES('health.max_write_ms','60000',1,'test'),('health.max_read_ms','60000',1,'test')",
      ] { try connection.execute(sql) }
      var state = SunsetState()
      state.phase = .brownout
      state.since = Timestamp(microseconds: now - 10 * Self.day)
      state.sunsetAt = Timestamp(microseconds: now + Self.day)
      state.announcedAt = Timestamp(microseconds: now - 10 * Self.day)
      try state.write(to: connection)
    }
    return market
  }

  private func gates(_ market: TestMarketplace) throws -> [String: Gate] {
    let report = try MonitorReport(market.marketplace, at: market.now, replacements: [:])
    return Dictionary(uniqueKeysWithValues: report.gates.map { ($0.name, $0) })
  }

  @Test func `each gate is closed by what it is about, and by nothing else`() throws {
    let now = TestMarketplace.start
    let old = "agent_00000000000050000000000000000001"
    let table: [(gate: String, sql: String, reason: String)] = [
      (
        "nobody_on_v4",
        "INSERT INTO v4_calls(at,door,database,reducer,claimed,agent_id,outcome,microseconds) VALUES(\(now - 5),'cli','d','r','old','\(old)','done',1)",
        "1 agent (old)"
      ),
      (
        "nobody_on_v4",
        "INSERT INTO v4_calls(at,door,database,reducer,outcome,microseconds) VALUES(\(now - 5),'cli','d','r','refused',1)",
        "gave no name"
      ),
      (
        "nobody_on_v4", "UPDATE migration_runs SET started_at=\(now - Self.day)",
        "the record begins on"
      ),
      (
        "silent_agents",
        "INSERT INTO tasks(task_id,assigned_agent,task_type,status) VALUES('task_1','\(old)','t','pending')",
        "1 open task"
      ),
      (
        "rejects",
        "INSERT INTO rejects(run,source,v4_table,file,byte_offset,ordinal,code,reason) VALUES(1,'s','t','f',0,1,'bad','r')",
        "1 rejected row waits: 1 bad"
      ),
      (
        "conflicts",
        "INSERT INTO conflicts(run,v4_table,v4_id,v5_id,row) VALUES(1,'t','1','x',1)",
        "nobody has decided"
      ),
      (
        "verification", "UPDATE verifications SET status='different', missing=2",
        "found 2 differences"
      ),
      ("verification", "DELETE FROM verifications", "never compared"),
      ("verification", "UPDATE verifications SET run=0", "have changed since"),
      (
        "verification", "UPDATE verifications SET rows_covered=1",
        "only 1 of 9 imported rows were compared"
      ),
      (
        "verification", "UPDATE verifications SET rows_imported=NULL, rows_covered=NULL",
        "did not note how much"
      ),
      (
        "verification",
        "INSERT INTO migration_runs VALUES(2,'run_2','other','completed',\(now - 30 * Self.day),\(now - 30 * Self.day),0,'{}','{}',NULL); UPDATE backups SET run=2",
        "no export was ever compared (other)"
      ),
      (
        "verification",
        """
        INSERT INTO migration_runs VALUES(2,'run_2','other','completed',\(now - 30 * Self.day),\(now - 30 * Self.day),0,'{}','{}',NULL);
        INSERT INTO verifications(source,run,verified_at,status,rows_compared,mismatches,missing,extra,rows_imported,rows_covered)
        VALUES('other',2,\(now - 4 * Self.day),'different',9,1,0,0,9,9);
        INSERT INTO verifications SELECT 9,source,run,verified_at,status,rows_compared,mismatches,missing,extra,rows_imported,rows_covered FROM verifications WHERE source='s';
        UPDATE backups SET run=2
        """, "found 1 difference (other)"
      ),
      ("backup", "DELETE FROM backups", "no backup"),
      ("backup", "UPDATE backups SET run=0", "older than the last migration"),
      ("backup", "UPDATE backups SET taken_at=\(now - 8 * Self.day)", "more than 7 days ago"),
      ("announced", "UPDATE v4_sunset SET sunset_at=NULL", "no date"),
      (
        "announced", "UPDATE v4_sunset SET announced_at=\(now - 6 * Self.day)",
        "long enough on 2025-06-07"
      ),
      ("health", "DROP TABLE health", "write is critical"),
    ]
    for row in table {
      try withTemporaryFolder { folder in
        let market = try ready(in: folder)
        let before = try gates(market)
        #expect(before.values.filter { !$0.passed }.isEmpty, "\(before)")
        _ = try market.store.withWriter { try $0.execute(row.sql) }
        let after = try gates(market)
        #expect(after.values.filter { !$0.passed }.map(\.name) == [row.gate], "\(row.sql)")
        let gate = try #require(after[row.gate])
        #expect(gate.reason.contains(row.reason), "\(gate.reason)")
        #expect(gate.remedy?.hasPrefix("agora ") == true)
      }
    }
  }

  @Test func `a silent agent's work is no obstacle once somebody has acknowledged it`() throws {
    try withTemporaryFolder { folder in
      let market = try ready(in: folder)
      let now = market.now
      _ = try market.store.write { connection in
        try connection.execute(
          "INSERT INTO workflows(workflow_id,workflow_name,status,creator_agent) VALUES('wf_1','w','running','agent_00000000000050000000000000000001')"
        )
      }
      #expect(try gates(market)["silent_agents"]?.passed == false)
      _ = try market.store.write { connection in
        try SunsetRegister(connection).acknowledge(
          SilentAcknowledgement(
            agent: "agent_00000000000050000000000000000001", name: "old", reason: "gone", at: now))
      }
      #expect(try gates(market)["silent_agents"]?.passed == true)
    }
  }

  @Test func `a migration that was taken back asks for a new comparison`() throws {
    try withTemporaryFolder { folder in
      let market = try ready(in: folder)
      let now = TestMarketplace.start
      _ = try market.store.write { connection in
        try connection.execute(
          "INSERT INTO migration_runs VALUES(2,'run_2','s','completed',\(now),\(now),0,'{}','{}',NULL)"
        )
      }
      #expect(try gates(market)["verification"]?.passed == false)
      _ = try market.store.write { connection in
        try connection.execute("UPDATE migration_runs SET status='rolled_back' WHERE run=2")
      }
      // What is there now is what was compared before.
      #expect(try gates(market)["verification"]?.passed == true)
    }
  }

  @Test func `backups are on record`() throws {
    try withTemporaryFolder { folder in
      let market = try ready(in: folder)
      _ = try market.store.withWriter { try $0.execute("DELETE FROM backups") }
      _ = try market.store.backup(to: folder + "/copy.db", at: market.now)
      let gate = try #require(try gates(market)["backup"])
      #expect(gate.passed && gate.reason.contains("copy.db"))
    }
  }

  private func commands(_ market: TestMarketplace) throws -> [String] {
    try MonitorReport(
      market.marketplace, at: market.now, replacements: ["assign_task": "agora.task.assign"]
    ).recommendations.compactMap(\.command).map {
      $0.hasSuffix("--help")
        ? $0 : String($0.dropLast(" --store \(ShellWords.quoted(market.store.path))".count))
    }
  }

  @Test func `what to do next names the commands of the closed gates`() throws {
    try withTemporaryFolder { folder in
      let market = try ready(in: folder)
      let now = market.now.microseconds
      let steps: [(SunsetPhase, days: Int64, [String])] = [
        (.compatibility, 1, ["agora sunset advance"]), (.warning, 1, ["agora sunset advance"]),
        (.warning, -1, ["agora sunset set sunset"]), (.brownout, -1, ["agora sunset set sunset"]),
        (.brownout, 1, []),
      ]
      for (phase, days, expected) in steps {
        _ = try market.store.write { connection in
          var state = try SunsetState(connection)
          state.phase = phase
          state.sunsetAt = Timestamp(microseconds: now + days * Self.day)
          try state.write(to: connection)
        }
        let found = try commands(market)
        #expect(found == expected, "\(phase) \(days)")
      }
      _ = try market.store.write { connection in
        try connection.execute("DELETE FROM backups")
        try LegacyCallLog(connection).add(
          GeneratedLife.record(
            now - 9, "assign_task", "old", "agent_00000000000050000000000000000001"))
      }
      let after = try commands(market)
      #expect(
        after == [
          "agora store backup before-sunset-20250606T100000.db", "agora compat log --days",
          "agora call agora.task.assign --help",
        ])
    }
  }

  @Test func `a command names the store, and agents and files in such a way that they arrive`()
    throws
  {
    try withTemporaryFolder { folder in
      let market = try ready(in: folder)
      let path = ShellWords.quoted(market.store.path)
      func remedy(_ name: String) throws -> String { try gates(market)[name]?.remedy ?? "-" }
      func write(_ sql: String) throws { _ = try market.store.withWriter { try $0.execute(sql) } }
      try write(
        "INSERT INTO workflows(workflow_id,workflow_name,status,creator_agent) VALUES('wf_1','w','running','agent_00000000000050000000000000000001')"
      )
      let names = [("old", "old"), ("it''s", #"'it'\''s'"#), ("two words", "'two words'")]
      for (name, word) in names {
        try write("UPDATE agents SET agent_name='\(name)'")
        let found = try remedy("silent_agents")
        #expect(found == "agora sunset acknowledge \(word) --reason TEXT --store \(path)")
      }
      // A name that looks like an option, or that no terminal shows, is told by its id.
      for name in ["'-x'", "'a'||char(27)"] {
        try write("UPDATE agents SET agent_name=\(name)")
        let found = try remedy("silent_agents")
        #expect(found.contains(" agent_00000000000050000000000000000001 "), "\(found)")
      }
      for number in 2...7 {
        try write(
          "INSERT INTO agents(agent_id,agent_name) VALUES('agent_0000000000005000000000000000000\(number)','a\(number)'); INSERT INTO tasks(task_id,assigned_agent,task_type,status) VALUES('t\(number)','agent_0000000000005000000000000000000\(number)','t','pending')"
        )
      }
      #expect(try remedy("silent_agents").hasPrefix("agora sunset acknowledge --all --reason"))
      try write(
        "DELETE FROM verifications; INSERT INTO v4_files VALUES(1,1,'\(folder)/gone.json','bundle')"
      )
      #expect(try remedy("verification") == "agora verify EXPORT --source s --store \(path)")
      try write("INSERT INTO migration_ledger VALUES(1,0,'t',0,0,0,0,0,0)")
      for file in ["one.json", "two of it.json"] {
        try Self.touch(folder + "/" + file)
        try write(
          "DELETE FROM v4_files; INSERT INTO v4_files VALUES(1,1,'\(folder)/\(file)','bundle')")
        let word = ShellWords.quoted(folder + "/" + file)
        #expect(try remedy("verification") == "agora verify --source s \(word) --store \(path)")
      }
    }
  }

  @Test func `the end has one date in every form`() throws {
    try withTemporaryFolder { folder in
      let market = try ready(in: folder)
      let now = TestMarketplace.start
      // Switched off before the day that was announced, or after it.
      let table: [(SunsetPhase, since: Int64, announced: Int64, end: Int64)] = [
        (.warning, -3, 1, 1), (.sunset, -1, 1, -1), (.sunset, -1, -2, -2),
      ]
      for row in table {
        _ = try market.store.write { connection in
          var state = try SunsetState(connection)
          state.phase = row.0
          state.since = Timestamp(microseconds: now + row.since * Self.day)
          state.sunsetAt = Timestamp(microseconds: now + row.announced * Self.day)
          try state.write(to: connection)
        }
        let report = try MonitorReport(market.marketplace, at: market.now, replacements: [:])
        let end = Timestamp(microseconds: now + row.end * Self.day)
        let date = end.description
        #expect(report.json["sunset"]?["date"]?.text == date, "\(row)")
        let figure =
          "agora_migration_timestamp_seconds{what=\"sunset\"} \(end.microseconds / 1_000_000)\n"
        #expect(report.prometheus.contains(figure), "\(row)")
        let word = row.end > 0 ? "v4 ends" : "v4 ended"
        let moment =
          "<time datetime=\"\(date)\">\(date.prefix(10)) \(date.dropFirst(11).prefix(5))</time> <b>\(word)</b>"
        #expect(report.page.contains(moment), "\(row)")
        if row.end > 0 { #expect(report.text.contains("v4 ends on \(date.prefix(10))"), "\(row)") }
      }
    }
  }

  @Test func `a screen shows the beginning, and how much more there is`() throws {
    try withTemporaryFolder { folder in
      let market = try ready(in: folder)
      let report = try MonitorReport(market.marketplace, at: market.now, replacements: [:])
      let lines = report.text.split(separator: "\n", omittingEmptySubsequences: false).count - 1
      for rows in [1, 2, 10, 24, lines - 1] {
        let screen = report.screen(rows: rows)
        let shown = screen.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(
          shown.count == max(2, rows)
            && report.text.hasPrefix(shown.dropLast().joined(separator: "\n")))
        #expect(screen.hasSuffix("(\(lines - shown.count + 1) more lines: agora monitor)"))
      }
      #expect(report.screen(rows: lines) == report.text)
    }
  }

  private static func touch(_ path: String) throws { try write("", to: path) }
}
