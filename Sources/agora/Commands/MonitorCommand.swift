import AgoraStore
import CompatProxy
import Monitor

/// `agora monitor`: how far the way from v4 to v5 is, and whether v4 can be switched off.
enum MonitorCommand {
  static let command = Command(
    words: ["monitor"],
    summary: "Reports who is still on v4, and when v4 can end.",
    options: [
      Command.store,
      .init(name: "gate", help: "Ends with exit code 6 while v4 cannot be switched off."),
      .init(
        name: "window", value: "DAYS",
        help: "Days without a call of v4 after which an agent has left it (default 7)."),
      .init(
        name: "html", value: "FILE",
        help: "Writes the report as one page to a file; - is standard output."),
      .init(name: "markdown", help: "Prints the report as Markdown."),
      .init(name: "prometheus", help: "Prints the figures in Prometheus' text format."),
      .init(name: "watch", help: "Prints the report again and again, until Control-C."),
      .init(
        name: "interval", value: "SECONDS",
        help: "How long --watch waits between two reports (default 5)."),
    ],
    discussion: """
      An agent is on v4 if it called v4 within the window; native if it was born on v5; migrated if it came from v4 and was seen on v5; silent if it came from v4 and was never seen on v5. Only calls on record count, never what an agent's record says of itself.

      The gates say what has to be so before v4 is switched off, why it is not, and which command goes on from here. The forecast says nothing where the calls do not bear it (docs/forecast.md).

      Examples:
        agora monitor --gate --json
        agora monitor --html report.html
      """,
    run: run)

  private static let formats = ["json", "markdown", "prometheus"]

  private static func run(_ invocation: Invocation) throws -> ExitCode {
    let formats = Self.formats.filter { invocation.has($0) }
    guard formats.count < 2 else {
      throw AgoraError(
        .misuse, "--\(formats[0]) and --\(formats[1]) cannot both be printed",
        remedy: "Give one of them; --html goes with each.")
    }
    if invocation.value("html") == "-", let other = formats.first {
      throw AgoraError(
        .misuse, "--html - and --\(other) cannot both be printed",
        remedy: "Give the page a file's name.")
    }
    let window = try invocation.number("window", in: 1...365) ?? MonitorReport.usualWindow
    let interval = try invocation.number("interval", in: 1...86_400) ?? 5
    guard invocation.has("watch") || !invocation.has("interval") else {
      throw AgoraError(.misuse, "--interval is for --watch")
    }
    let clock = try Clock.ofEnvironment()
    let store = try invocation.openStore()
    if let file = invocation.value("html"), file != "-" { try store.refuseOverwriting(file) }
    let marketplace = try Marketplace(store, clock: clock)
    func report() throws -> MonitorReport {
      try MonitorReport(
        marketplace, at: clock.now(), window: window, replacements: Reducer.replacements)
    }
    if invocation.has("watch") { return try watch(report, every: interval, invocation) }
    let now = try report()
    try write(now, invocation)
    return invocation.has("gate") && !now.isReady ? .notReady : .done
  }

  private static func write(_ report: MonitorReport, _ invocation: Invocation) throws {
    if invocation.value("html") == "-" { return try report.writePage { try Terminal.write($0) } }
    if let file = invocation.value("html") {
      try writePage(report, to: file)
      Terminal.say("Wrote the page to \(file).")
    }
    if invocation.wantsJSON {
      try report.writeJSON { try Terminal.write($0) }
      try Terminal.print("")
    } else if invocation.has("markdown") {
      try report.writeMarkdown { try Terminal.write($0) }
    } else if invocation.has("prometheus") {
      try Terminal.write(Array(report.prometheus.utf8))
    } else if invocation.value("html") == nil || invocation.has("gate") {
      try report.writeText { try Terminal.write($0) }
    }
  }

  /// The page appears whole, in the place of an older one.
  static func writePage(_ report: MonitorReport, to path: String) throws {
    do {
      let part = try PartFile(for: path)
      try report.writePage { try part.file.write($0.span) }
      try part.replace()
    } catch let error as SystemError { throw AgoraError(error, file: path) }
  }

  /// Draws the report anew where a terminal shows it; elsewhere each follows the one before.
  private static func watch(
    _ report: () throws -> MonitorReport, every interval: Int, _ invocation: Invocation
  ) throws -> ExitCode {
    Interruption.watch()
    while true {
      let now = try report()
      if System.isTerminal(1) {
        // Home, and clear what is below: clearing first would flicker.
        try Terminal.write(Array("\u{1b}[H\u{1b}[J".utf8))
      }
      if System.isTerminal(1), formats.allSatisfy({ !invocation.has($0) }),
        invocation.value("html") == nil
      {
        try Terminal.write(Array(now.screen(rows: Terminal.height).utf8))
      } else {
        try write(now, invocation)
      }
      for _ in 0..<(interval * 10) {
        if System.isInterrupted { return .interrupted }
        System.pause(milliseconds: 100)
      }
    }
  }
}
