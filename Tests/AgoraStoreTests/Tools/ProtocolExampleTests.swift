import AgoraStore
import TestSupport
import Testing

/// The protocol document's examples do what it says, whether agents are called by name or by id.
@Suite struct ProtocolExampleTests {
  /// How an example's placeholders are filled in.
  private struct Stage {
    let bazaar: TestMarketplace
    let usesIDs: Bool
    var results: [String: JSON] = [:]

    func id(_ name: String) throws -> String {
      try bazaar.rows("SELECT agent_id FROM agents WHERE agent_name='\(name)'").first?.first ?? name
    }

    /// A text with what its placeholder stands for.
    private func filled(_ text: String, byID: Bool) throws -> String {
      if text.hasPrefix("@") {
        let name = String(text.dropFirst())
        return byID ? try id(name) : name
      }
      let path = text.dropFirst().split(separator: ".").map(String.init)
      guard text.hasPrefix("$"), path.count == 2 else { return text }
      return results[path[0]]?[path[1]]?.text ?? text
    }

    func filled(_ value: JSON, byID: Bool) throws -> JSON {
      switch value {
      case .string(let text): .string(try filled(text, byID: byID))
      case .array(let elements): .array(try elements.map { try filled($0, byID: byID) })
      case .object(let members):
        .object(try members.map { .init($0.name, try filled($0.value, byID: byID)) })
      default: value
      }
    }

    func caller(_ who: ProtocolExamples.Who) throws -> Caller {
      switch who {
      case .anybody: .anonymous(.http)
      case .agent(let name):
        .bound(to: AgentReference(usesIDs ? try id(name) : name), authority: 0, origin: .http)
      case .operator: .owner(.http)
      }
    }

    /// What of an expectation does not hold; nil where all does.
    static func gap(_ expected: JSON, _ actual: JSON?, at path: String = "") -> String? {
      let found = "\(path) is \(actual.map(JSONWriter.compact) ?? "missing")"
      switch (expected, actual) {
      case (.string("*"), .some(let value)): return value == .null ? found : nil
      case (.string(let text), .string(let other)) where text.hasSuffix("*"):
        return other.hasPrefix(text.dropLast()) && other.count >= text.count ? nil : found
      case (.object(let members), .object):
        return members.lazy.compactMap { gap($0.value, actual?[$0.name], at: "\(path).\($0.name)") }
          .first
      case (.array(let elements), .array(let others)):
        guard elements.count == others.count else { return found }
        return zip(elements, others).enumerated().lazy.compactMap { index, pair in
          gap(pair.0, pair.1, at: "\(path)[\(index)]")
        }.first
      default: return expected == actual ? nil : found
      }
    }

    mutating func play(_ call: ProtocolExamples.Call) throws {
      let place = "line \(call.line), \(call.tool)"
      let last = try bazaar.rows("SELECT ifnull(max(seq),0) FROM events")[0][0]
      let arguments = try filled(JSON.parse(call.parameters), byID: usesIDs)
      var result: JSON?
      var failure: ToolFailure?
      let caller = try caller(call.who)
      do throws(ToolFailure) {
        result = try bazaar.marketplace.call(call.tool, arguments, as: caller).result
      } catch { failure = error }
      if let result {
        results[call.key] = result
        let expected = call.gives.hasPrefix("{") ? try JSON.parse(call.gives) : .null
        let gap = Self.gap(try filled(expected, byID: true), result)
        #expect(gap == nil, "\(place): \(gap ?? "")")
      } else {
        #expect(failure?.code.rawValue == call.gives, "\(place): \(failure?.description ?? "")")
      }
      let events = try bazaar.rows(
        "SELECT event_type, data FROM events WHERE seq>\(last) ORDER BY seq")
      #expect(events.map { $0[0] } == call.emits.map(\.type), "\(place)")
      for (event, expected) in zip(events, call.emits) {
        let data = try filled(JSON.parse(expected.data), byID: true)
        let gap = Self.gap(data, try JSON.parse(event[1]))
        #expect(gap == nil, "\(place): \(event[0])\(gap ?? "")")
      }
      bazaar.pass(seconds: 1)
    }
  }

  @Test(arguments: ProtocolExamples.all, [false, true])
  func `the protocol's examples do what it says`(
    _ scene: ProtocolExamples.Scene, _ usesIDs: Bool
  ) throws {
    try withTemporaryFolder { folder in
      var stage = Stage(bazaar: try TestMarketplace(in: folder), usesIDs: usesIDs)
      for agent in scene.agents { try stage.bazaar.register(agent) }
      for call in scene.calls { try stage.play(call) }
      let check = try StoreCheck(stage.bazaar.store)
      #expect(check.isSound, "\(check.text)")
    }
  }

  @Test func `an expectation that does not hold is found`() throws {
    let cases: [(String, String, Bool)] = [
      (#"{"a":"*"}"#, #"{"a":1,"b":2}"#, true), (#"{"a":"*"}"#, #"{"a":null}"#, false),
      (#"{"a":"*"}"#, "{}", false), (#"{"a":"x_*"}"#, #"{"a":"x_1"}"#, true),
      (#"{"a":"x_*"}"#, #"{"a":"y_1"}"#, false), (#"{"a":"x_*"}"#, #"{"a":"x_"}"#, false),
      (#"{"a":[{"b":1}]}"#, #"{"a":[{"b":1,"c":2}]}"#, true),
      (#"{"a":[{"b":1}]}"#, #"{"a":[{"b":2}]}"#, false), (#"{"a":[]}"#, #"{"a":[1]}"#, false),
      (#"{"a":null}"#, #"{"a":null}"#, true), (#"{"a":null}"#, #"{"a":1}"#, false),
    ]
    for (expected, actual, holds) in cases {
      let gap = Stage.gap(try JSON.parse(expected), try JSON.parse(actual))
      #expect((gap == nil) == holds, "\(expected) \(actual): \(gap ?? "holds")")
    }
  }
}
