import AgoraStore
import TestSupport
import Testing

/// What the house promises about itself: one direction of imports, C in one folder, nothing forgotten
/// in the README.
@Suite struct HouseRulesTests {
  /// Each room and the rooms that it may import.
  static let allowed: [String: Set<String>] = [
    "AgoraStore": ["CSQLite"], "Migrator": ["AgoraStore"], "CompatProxy": ["AgoraStore"],
    "Monitor": ["AgoraStore"], "AgoraServer": ["AgoraStore", "CompatProxy", "Migrator", "Monitor"],
    "agora": ["AgoraStore", "AgoraServer", "CompatProxy", "Migrator", "Monitor"],
    "spacetime": ["AgoraStore", "CompatProxy"],
  ]

  private func files(below folder: String) throws -> [String] {
    try names(in: folder).flatMap { name -> [String] in
      let path = "\(folder)/\(name)"
      guard try File.status(path)?.isFolder == true else {
        return name.hasSuffix(".swift") ? [path] : []
      }
      return try files(below: path)
    }
  }

  private func imports(of path: String) throws -> Set<String> {
    var found: Set<String> = []
    for line in try contents(path).split(separator: "\n") {
      let words = line.split(separator: " ").map(String.init)
      guard let index = words.firstIndex(of: "import"), index <= 1, index + 1 < words.count else {
        continue
      }
      found.insert(words[index + 1])
    }
    return found
  }

  @Test func `imports go in one direction`() throws {
    let rooms = Set(Self.allowed.keys).union(["CSQLite"])
    for (room, others) in Self.allowed {
      let sources = try files(below: "\(Project.root)/Sources/\(room)")
      #expect(!sources.isEmpty, "\(room) has no sources")
      for path in sources {
        let forbidden = try imports(of: path).intersection(rooms).subtracting(others)
        #expect(forbidden.isEmpty, "\(path) imports \(forbidden.sorted())")
      }
    }
  }

  @Test func `SQLite's C is met in one folder only`() throws {
    for path in try files(below: "\(Project.root)/Sources")
    where !path.contains("AgoraStore/SQLite/") {
      #expect(try !imports(of: path).contains("CSQLite"), "\(path)")
    }
  }

  @Test func `nobody brings in what makes the binaries four times as large`() throws {
    for path in try files(below: "\(Project.root)/Sources") {
      #expect(try !imports(of: path).contains("Foundation"), "\(path)")
    }
  }

  @Test func `no trap that data could reach`() throws {
    for path in try files(below: "\(Project.root)/Sources") {
      let text = try contents(path)
      for trap in ["try" + "!", "fatal" + "Error(", "as" + "! ", "precondition" + "("] {
        #expect(!text.contains(trap), "\(path) has \(trap)")
      }
    }
  }

  @Test func `every command is in the README and has help`() throws {
    let readme = try contents(Project.root + "/README.md")
    let overview = try Child.run("agora", ["--help"])
    let commands = overview.output.split(separator: "\n").compactMap { line -> String? in
      guard line.hasPrefix("  "), !line.hasPrefix("  agora") else { return nil }
      let name = line.dropFirst(2).split(separator: "  ").first.map(String.init)
      return name
    }
    #expect(commands.contains("migrate") && commands.contains("rejects list"))
    for command in commands {
      #expect(readme.contains("agora \(command)"), "README lacks agora \(command)")
      let help = try Child.run("agora", command.split(separator: " ").map(String.init) + ["--help"])
      #expect(help.status == 0 && help.output.contains("Usage: agora \(command)"), "\(command)")
    }
  }
}
