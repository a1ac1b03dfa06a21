import AgoraStore
import TestSupport
import Testing

/// What the README shows is what happens.
@Suite struct ReadmeTests {
  /// The text of a fenced block below a heading.
  private func block(_ language: String, below heading: String) throws -> String {
    try #require(try blocks(language, below: heading).first)
  }

  /// All such texts, up to the next heading.
  private func blocks(_ language: String, below heading: String) throws -> [String] {
    let readme = try contents(Project.root + "/README.md")
    let section = try #require(readme.firstRange(of: "## \(heading)\n"), "\(heading)").upperBound
    let next = readme[section...].firstRange(of: "\n## ")?.lowerBound ?? readme.endIndex
    return readme[section..<next].split(separator: "\n```\(language)\n").dropFirst().map { text in
      String(text.prefix(upTo: text.firstRange(of: "\n```\n")?.lowerBound ?? text.endIndex))
    }
  }

  /// A command as it is typed, and what it prints.
  private struct Step {
    var command: String
    var output: [String] = []

    static func all(_ text: String) -> [Step] {
      var steps: [Step] = []
      for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
        if line.hasPrefix("$ ") {
          steps.append(Step(command: String(line.dropFirst(2))))
        } else if let last = steps.indices.last {
          let typed = steps[last].command
          if steps[last].output.isEmpty, typed.hasSuffix("\\") || typed.hasSuffix("|") {
            steps[last].command += "\n" + line
          } else {
            steps[last].output.append(String(line))
          }
        }
      }
      return steps
    }
  }

  /// Ids and times are others each time: one of the README stands for one of the run, and always for the
  /// same.
  private struct Names {
    private static var changing: Regex<Substring> {
      /[a-z]+_[0-9a-f]{32}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/
    }
    private(set) var known: [String: String] = [:]

    /// The README's text with the ids that are known from the run.
    func translated(_ text: String) -> String {
      text.replacing(Self.changing) { known[String($0.output)] ?? String($0.output) }
    }

    /// Whether a line was printed as the README has it.
    mutating func matches(_ shown: String, _ printed: String) -> Bool {
      for (one, other) in zip(shown.matches(of: Self.changing), printed.matches(of: Self.changing))
      where known[String(one.output)] == nil {
        known[String(one.output)] = String(other.output)
      }
      return translated(shown) == printed
    }

    /// Whether a text was printed as the README has it, where `…` is any number of lines.
    mutating func match(_ shown: [String], _ printed: [String]) -> String? {
      var rest = printed[...]
      for (index, line) in shown.enumerated() {
        if line == "…" {
          let next = index + 1 < shown.count ? shown[index + 1] : ""
          rest = rest.drop { $0 != next }
          continue
        }
        guard let found = rest.popFirst() else { return "nothing is printed for: \(line)" }
        guard matches(line, found) else { return "README: \(line)\nprinted: \(found)" }
      }
      return rest.isEmpty ? nil : "more is printed: \(rest.joined(separator: "\n"))"
    }
  }

  private func lines(_ text: String) -> [String] {
    text.split(separator: "\n").map(String.init)
  }

  @Test func `the session in the shell goes as it is shown`() throws {
    try withTemporaryFolder { folder in
      let steps = Step.all(try block("console", below: "The marketplace from the shell"))
      #expect(steps.count > 8)
      var names = Names()
      var exports = ""
      for step in steps {
        if step.command.hasPrefix("export ") {
          exports += step.command + "\n"
          continue
        }
        let run = try Child.bash(
          "exec 2>&1\n" + exports + names.translated(step.command), in: folder,
          environment: ["AGORA_AGENT": "", "AGORA_STORE": ""])
        let difference = names.match(step.output, lines(run.output))
        #expect(difference == nil, "$ \(step.command)\n\(difference ?? "")")
      }
    }
  }

  @Test(.enabled(if: (try? File.status("/usr/bin/curl")) != nil))
  func `the server answers curl as it is shown`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/agora.db"
      let server = try ServerProcess(store: store)
      var names = Names()
      var exports = ""
      let blocks = try blocks("console", below: "Run the server")
      #expect(blocks.count == 2)
      for step in blocks.flatMap(Step.all) {
        if step.command.hasPrefix("export ") {
          exports += step.command + " 2>/dev/null\n"
          continue
        }
        let command = step.command.replacing("127.0.0.1:8080", with: "127.0.0.1:\(server.port)")
        let run = try Child.bash(
          exports + command, in: folder, environment: ["AGORA_STORE": store])
        let difference = names.match(step.output, lines(run.output))
        #expect(difference == nil, "$ \(step.command)\n\(difference ?? "")\(run.talk)")
      }
    }
  }

  @Test func `the Swift program is the one that is built, and prints what is shown`() throws {
    let heading = "The marketplace in a Swift program"
    let readme = try contents(Project.root + "/README.md")
    let source = try contents(Project.root + "/Tests/EmbeddingExample/main.swift")
    #expect(readme.contains("```swift\n" + source + "```\n"))
    try withTemporaryFolder { folder in
      let run = try Child.run("EmbeddingExample", [], in: folder)
      #expect(run.status == 0 && run.talk.isEmpty, "\(run.talk)")
      var names = Names()
      let shown = lines(try block("text", below: heading))
      #expect(names.match(shown, lines(run.output)) == nil, "\(run.output)")
    }
  }
}
