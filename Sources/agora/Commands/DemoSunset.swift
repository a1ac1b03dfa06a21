import AgoraStore
import CompatProxy

/// The chapters about v4's agents, which stay as they are, and about v4's end.
extension DemoStory {
  /// The programs beside this one; nil where the system does not tell where that is, or where the drop-in
  /// does not lie there.
  private var programs: (agora: String, spacetime: String)? {
    guard let own = System.executablePath else { return nil }
    let dropIn = File.folder(of: own) + "/spacetime"
    guard case .some(.some) = try? File.status(dropIn) else { return nil }
    return (own, dropIn)
  }

  /// Legacy calls through the drop-in, on the file and through a server, and a rehearsal of v4's end.
  func callAndEnd() throws {
    guard let programs else {
      chapters.append(
        "9. (The drop-in spacetime is not beside this program, so v4's agents stay away.)")
      return
    }
    try callFromV4(programs)
    try rehearseEnd(programs)
  }

  private static let call = "call agora-marketplace"

  private func callFromV4(_ programs: (agora: String, spacetime: String)) throws {
    let path = "AGORA_STORE=\(ShellWords.quoted(store))"
    let register = "\(Self.call) register_agent_capability DemoAgent testing 8 2"
    let send = "\(Self.call) send_agent_message DemoAgent TestAgent1 info 'hello from v4' 5"
    let registered = try shell(path, programs.spacetime, register)
    let (sent, url) = try throughServer(programs) { url in
      try shell("AGORA_URL=\(url)", programs.spacetime, send)
    }
    try require(
      registered.contains("agent_id") && sent.contains("message_id"), "v4's agents were refused")
    let calls = try Store(path: store).read { try LegacyCallLog($0).newest(2) }
    try require(
      calls.map(\.reducer) == ["send_agent_message", "register_agent_capability"],
      "the calls of v4 are not on record")
    note("v4_calls", .array(calls.map(\.json)))
    let log = calls.map { call in
      "\(call.at)  done  \(call.reducer)  \(call.claimed ?? "-")  \(call.tool ?? "-")"
    }
    chapters.append(
      """
      9. v4's agents go on as they are: on the file, or through agora serve. Each call is on record.

      $ \(path) spacetime \(register)
      \(registered)
      $ AGORA_URL=\(url) spacetime \(send)
      \(sent)
      $ agora compat log --limit 2
      \(log.joined(separator: "\n"))
      """)
  }

  /// The end of v4 on a copy, where the clock is what `AGORA_NOW` says.
  private func rehearseEnd(_ programs: (agora: String, spacetime: String)) throws {
    let copy = folder + "/rehearsal.db"
    let bytes = try Store(path: store).backup(to: copy).bytes
    let now = Clock.system.now().microseconds
    let day: Int64 = 86_400_000_000
    let date = Timestamp(microseconds: (now / day + 14) * day)
    let control = SunsetControl(try Marketplace(Store(path: copy)), gate: Readiness.gate)
    _ = try control.taking { try $0.schedule(date) }
    _ = try control.taking { try $0.set(.brownout) }
    let path = "AGORA_STORE=rehearsal.db"
    let beat = "\(Self.call) agent_heartbeat DemoAgent"
    func at(_ instant: Timestamp) throws -> String {
      try shell(
        "AGORA_STORE=\(ShellWords.quoted(copy)) AGORA_NOW=\(instant)", programs.spacetime, beat)
    }
    let start = Timestamp(microseconds: date.microseconds - 4 * day)
    let last = Timestamp(microseconds: start.microseconds + 299_000_000)
    let end = Timestamp(microseconds: start.microseconds + 300_000_000)
    let warned = try shell("AGORA_STORE=\(ShellWords.quoted(copy))", programs.spacetime, beat)
    let (refused, passed) = (try at(last), try at(end))
    try require(
      warned.contains("agora: v4 is deprecated") && refused.contains(SunsetNotice.brownoutCode)
        && passed.contains("success"), "the rehearsal of v4's end went otherwise")
    note(
      "rehearsal",
      .object([
        .init("warned", .string(warned)), .init("refused", .string(refused)),
        .init("passed", .string(passed)),
      ]))
    let gate: String
    do {
      _ = try control.taking { try $0.advance() }
      gate = "v4 is switched off."
    } catch SunsetFault.notReady(let closed) {
      gate =
        (["agora: v4 is not ready to be switched off; nothing was changed"]
        + closed.map { "  \($0.name): \($0.reason)" }).joined(separator: "\n")
    }
    chapters.append(
      """
      10. v4's end, rehearsed on a copy: it is announced for \(date), with four windows before it. Each
      answer names the call of v5 that replaces the one just made; in a window, which ends to the second,
      calls fail.

      $ agora store backup rehearsal.db
      Copied \(bytes) bytes.
      $ agora sunset schedule --date \(date.description.prefix(10)); agora sunset set brownout
      $ \(path) spacetime \(beat)
      \(warned)
      $ \(path) AGORA_NOW=\(last) spacetime \(beat)
      \(refused)
      $ \(path) AGORA_NOW=\(end) spacetime \(beat)
      \(passed)
      $ agora sunset advance
      \(gate)
      """)
  }

  // MARK: programs

  /// Runs a program by the shell, with both of its outputs in one, and without the warning that the real
  /// `spacetime` gives before everything.
  private func shell(_ environment: String, _ program: String, _ words: String) throws -> String {
    do throws(SystemError) {
      let nothing = try File.reading("/dev/null")
      let child = try ChildProcess(
        "sh", ["-c", "exec 2>&1; \(environment) \(ShellWords.quoted(program)) \(words)"],
        input: nothing.descriptor)
      var output: [UInt8] = []
      while try child.output.read(upTo: 65536, appendingTo: &output) > 0 {}
      _ = try child.wait()
      return String(decoding: output, as: UTF8.self).split(separator: "\n")
        .filter { !$0.hasPrefix("WARNING: This command is UNSTABLE") }.joined(separator: "\n")
    } catch { throw AgoraError(error, file: program) }
  }

  /// Lends the address of a server on the story's store, which ends with `body`.
  private func throughServer<Result>(
    _ programs: (agora: String, spacetime: String), _ body: (String) throws -> Result
  ) throws -> (Result, url: String) {
    let child: ChildProcess
    var line: [UInt8] = []
    do throws(SystemError) {
      let nothing = try File.reading("/dev/null")
      // Its log is not part of the story.
      child = try ChildProcess(
        "sh",
        [
          "-c",
          "exec \(ShellWords.quoted(programs.agora)) serve --listen 127.0.0.1:0 --store \(ShellWords.quoted(store)) 2>/dev/null",
        ], input: nothing.descriptor)
      while !line.contains(0x0a), try child.output.read(upTo: 512, appendingTo: &line) > 0 {}
    } catch { throw AgoraError(error, file: programs.agora) }
    let text = String(decoding: line, as: UTF8.self)
    let url = text.split(separator: "\n").first?.split(separator: " ").last.map(String.init) ?? ""
    try require(url.hasPrefix("http://"), "the server did not begin to listen")
    defer { withExtendedLifetime(child) {} }
    return (try body(url), url)
  }
}
