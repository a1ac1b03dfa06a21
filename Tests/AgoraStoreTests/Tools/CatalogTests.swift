import TestSupport
import Testing

@testable import AgoraStore

/// What is declared and what is done are the same.
@Suite struct CatalogTests {
  static let tools = ToolCatalog.agora.entries

  @Test(arguments: tools.indices)
  func `what a call reads is what it declares, and its examples are true`(_ index: Int) throws {
    let entry = Self.tools[index]
    let tool = entry.tool
    #expect(!tool.examples.isEmpty, "\(tool.name) has no example")
    for example in tool.examples {
      let recorder = Arguments.Recorder()
      let arguments = try tool.parameters.arguments(example.parameters)
      _ = try entry.call(arguments.recording(recorder))
      #expect(recorder.read == Set(tool.parameters.fields.map(\.name)), "\(tool.name)")
      try DeclarationCheck.check(example.result, of: tool)
    }
  }

  @Test func `every tool says what a client needs`() {
    for tool in Self.tools.map(\.tool) {
      let category = tool.name.split(separator: ".").dropFirst().first.map(String.init)
      #expect(category == tool.category.rawValue, "\(tool.name)")
      // Clients put their own prefix before the name and take 64 characters.
      #expect(tool.underscoreName.count <= 45, "\(tool.name)")
      #expect(!tool.title.isEmpty && tool.description.hasSuffix("."), "\(tool.name)")
      let fields = tool.parameters.fields + tool.result
      #expect(fields.allSatisfy { !$0.description.isEmpty }, "\(tool.name)")
      #expect(Set(fields.map(\.flag)).allSatisfy { $0.hasPrefix("--") }, "\(tool.name)")
      #expect(tool.access == .writes || tool.isIdempotent, "\(tool.name) reads")
    }
  }

  @Test func `the catalogue is the golden one`() throws {
    let path = Project.root + "/fixtures/catalog/tools.json"
    let text = JSONWriter.pretty(ToolCatalog.agora.json) + "\n"
    if Project.isRecording { try write(text, to: path) }
    let golden = (try? contents(path)) ?? ""
    #expect(!Project.isRecording, "recorded \(path)")
    #expect(text == golden, "the catalogue has changed: look at it, and record it with RECORD=1")
  }

  @Test func `the catalogue's names are those that the tools declare`() {
    let wrong = ToolCatalog.agora.named.filter { $0.name != $0.type.tool.name }.map(\.name)
    #expect(wrong == [] && ToolCatalog.agora.named.count == 22)
  }

  @Test func `a tool is found under every form of its name`() throws {
    let found: [(String, String)] = [
      ("agora.messaging.send", "1.0.0"), ("agora_messaging_send", "1.0.0"),
      ("agora.messaging.send@1.0.0", "1.0.0"), ("agora_messaging_send@^1.0", "1.0.0"),
      ("agora.messaging.send@*", "1.0.0"), ("agora.messaging.send@>=1 <2", "1.0.0"),
    ]
    for (name, version) in found {
      let tool = try ToolCatalog.agora.entry(name).tool
      #expect(tool.name == "agora.messaging.send" && "\(tool.version)" == version, "\(name)")
    }
    let refused: [(String, ToolFailure.Code, String)] = [
      ("agora.messaging.sned", .notFound, "did you mean agora.messaging.send?"),
      ("nothing like it", .notFound, "agora.discovery.list"),
      ("agora.messaging.send@2.0.0", .notFound, "there is 1.0.0"),
      ("agora.messaging.send@newest", .invalidParameter, "no version"),
      ("agora.messaging.send@", .invalidParameter, "no version"), ("", .notFound, "no tool"),
      ("agora.messaging_send", .notFound, "did you mean"),
    ]
    for (name, code, words) in refused {
      let failure = #expect(throws: ToolFailure.self) { try ToolCatalog.agora.entry(name) }
      #expect(failure?.code == code && failure?.message.contains(words) == true, "\(name)")
    }
  }
}
