import AgoraStore
import CompatProxy

/// `spacetime call DB REDUCER ARGS…`.
enum CallCommand {
  /// Options of the real command; what stands behind the reducer's name may look like one and be an
  /// argument of the reducer.
  private static let valued = [
    "s": "server", "server": "server", "i": "identity", "as-identity": "identity",
  ]
  private static let switches = [
    "anonymous": "anonymous", "y": "yes", "yes": "yes", "h": "help", "help": "help",
    "a": "anonymous", "anon-identity": "anonymous", "quiet-stdout": "quiet",
  ]

  static func run(_ arguments: [String], whole: [String]) -> Int32 {
    let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
    let tail = arguments[end...].dropFirst()
    let options = Options(
      Array(arguments[..<end]), valued: valued, switches: switches, stopsAt: 2)
    if options.has("help") {
      Talk.print("Usage: spacetime \(usage)\n")
      return 0
    }
    if let fault = options.fault { return misuse(fault) }
    let words = options.words + tail
    guard words.count >= 2 else {
      return misuse(
        Talk.missing(words.isEmpty ? ["<database>", "<reducer_name>"] : ["<reducer_name>"]))
    }
    let (database, reducer) = (words[0], words[1])
    if let status = Spacetime.passOn(database, whole) { return status }
    Talk.warnUnstable()
    // Behind `--` a word is an argument by place, whatever it looks like.
    let given =
      options.words.dropFirst(2) + (tail.isEmpty ? [] : ["--"])
      + tail.dropFirst(max(0, 2 - options.words.count))
    let call = LegacyCall(database: database, reducer: reducer, arguments: .words(Array(given)))
    let isQuiet = options.has("quiet") || Spacetime.isStrict
    if let url = Spacetime.serverURL { return ask(url, call, Array(given), isQuiet: isQuiet) }
    let answer: LegacyAnswer
    do {
      answer = Proxy(try Spacetime.open(), atLeast: try Spacetime.leastPhase()).answer(call)
    } catch { return Talk.fail("Response text: \(Spacetime.text(error))") }
    if let notice = answer.notice, !notice.decision.isRefusal { Talk.error(notice.line + "\n") }
    if let refusal = answer.refusal {
      if let fault = refusal.fault { return Talk.fail("Response text: \(Spacetime.text(fault))") }
      return report(refusal, of: call, isGone: answer.notice?.decision.isRefusal == true)
    }
    if !isQuiet { Talk.print(JSONWriter.compact(answer.output) + "\n") }
    return 0
  }

  /// Has a server do the call.
  private static func ask(
    _ url: String, _ call: LegacyCall, _ words: [String], isQuiet: Bool
  ) -> Int32 {
    do throws(RemoteFault) {
      let server = try RemoteServer(url)
      let path =
        "/v1/database/\(call.database)/call/\(PercentEncoding.encode(call.reducer))"
      let reply = try server.ask(
        "POST", path,
        [("Content-Type", LegacyCall.wordsType), ("Accept", "application/json")],
        Array(JSONWriter.compact(words.json).utf8))
      if let line = reply.field("agora-notice") { Talk.error(line + "\n") }
      if reply.status == 200 {
        if !isQuiet { Talk.print(reply.text + "\n") }
        return 0
      }
      let refusal = Refusal(
        status: reply.status, text: server.text(of: reply), code: reply.field("agora-code"),
        calling: call.reducer)
      guard let refusal else { return Talk.fail(server.failure(reply, path, "Response text: ")) }
      return report(
        refusal, of: call, isGone: reply.status == SunsetNotice.status,
        at: server.address.url(""))
    } catch { return Talk.fail(error.text) }
  }

  private static let usage = "call [OPTIONS] <database> <reducer_name> [arguments]..."

  private static func misuse(_ text: String) -> Int32 {
    var text = text
    let parts = text.split(separator: "'", omittingEmptySubsequences: false)
    if text.hasPrefix("unexpected argument"), parts.count > 2 {
      text += "\n\n  tip: to pass '\(parts[1])' as a value, use '-- \(parts[1])'"
    }
    return Talk.misuse(text, usage)
  }

  /// Says why a call was refused, as SpacetimeDB's command line does.
  ///
  /// - Parameters:
  ///   - isGone: whether v4 is switched off.
  ///   - base: the server's URL.
  private static func report(
    _ refusal: Refusal, of call: LegacyCall, isGone: Bool, at base: String = "http://127.0.0.1:3000"
  ) -> Int32 {
    let identity = LegacyDatabase.identity(of: call.database)
    let url = "\(base)/v1/database/\(identity)/call/\(call.reducer)"
    let place = "for database `\(call.database)` resolving to identity `\(identity)`."
    switch refusal.kind {
    case .usage: return misuse(refusal.text)
    case .noSuchReducer: return Talk.fail(refusal.missingReducer(in: call) ?? refusal.text)
    case .invalidArguments(let signature):
      return Talk.fail(
        """
        Invalid arguments provided for reducer `\(call.reducer)` \(place)

        The reducer has the following signature:
        \t\(signature)

        Caused by:
            0: Response text: \(refusal.text)
            1: HTTP status client error (400 Bad Request) for url (\(url))
        """)
    case .reducer:
      let status =
        isGone
        ? "HTTP status client error (410 Gone)"
        : "HTTP status server error (530 <unknown status code>)"
      return Talk.fail(
        """
        Response text: \(refusal.text)

        Caused by:
            \(status) for url (\(url))
        """)
    }
  }
}
