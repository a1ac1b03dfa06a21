package import AgoraStore

/// Why a call of v4 was not done.
package struct Refusal: Error, Sendable, Equatable {
  /// What SpacetimeDB would have called it.
  package enum Kind: Sendable, Equatable {
    /// The module has no such reducer.
    case noSuchReducer(near: [String])
    /// The arguments do not fit the reducer; the text that the server gives.
    case invalidArguments(signature: String)
    /// The reducer itself said no.
    case reducer
    /// The command line is wrong.
    case usage
  }

  /// The code of a call that names no reducer; the record counts such calls together.
  static let unknownReducer = LegacyCaller.unknownCode

  package let kind: Kind
  /// A stable code for the record.
  package let code: String
  /// What the server would have answered, or what is wrong with the command line.
  package let text: String
  /// What is wrong with the store and stays so, for whoever has its file; nil for any other refusal.
  package private(set) var fault: AgoraError?

  init(_ kind: Kind, _ code: String, _ text: String) {
    self.kind = kind
    self.code = code
    self.text = text
  }

  /// What a server has refused a call with, by the status and text of its answer; nil where the answer
  /// is none of SpacetimeDB's refusals.
  ///
  /// - Parameter code: Agora's own word, where the server says it.
  package init?(status: Int, text: String, code: String?, calling reducer: String) {
    switch status {
    case 404 where text == "no such reducer":
      do throws(Refusal) {
        _ = try Reducer.named(reducer)
        return nil
      } catch { self = error }
    case 400 where text.hasPrefix("invalid arguments"):
      let known = Reducer.all.first { $0.name == reducer }
      self.init(
        .invalidArguments(signature: known?.signature ?? reducer), code ?? "invalid_arguments", text
      )
    case 400 where code == "usage" || code == "unknown_flag": self.init(.usage, code ?? "", text)
    case 530: self.init(.reducer, code ?? "refused", text)
    case SunsetNotice.status: self.init(.reducer, code ?? SunsetNotice.endedCode, text)
    default: return nil
    }
  }

  /// What v5 refused.
  init(_ failure: ToolFailure) {
    self.init(.reducer, failure.code.rawValue, failure.message)
    fault = failure.lastingFault
  }

  /// What SpacetimeDB's command line says of a reducer that is not there; nil for another refusal.
  package func missingReducer(in call: LegacyCall) -> String? {
    guard case .noSuchReducer(let near) = kind else { return nil }
    let identity = LegacyDatabase.identity(of: call.database)
    var text =
      "No such reducer `\(call.reducer)` for database `\(call.database)` resolving to identity `\(identity)`.\n"
    if near.count == 1 {
      return text + "A reducer with a similar name exists: `\(near[0])`"
    }
    text += "Here are some existing reducers:\n"
    text += near.prefix(10).map { "- \($0)" }.joined(separator: "\n")
    if near.count > 10 { text += "\n... (\(near.count - 10) reducers not shown)" }
    return text
  }

  /// More is watched than can be.
  package static func tooMuchWatched(_ text: String) -> Refusal {
    Refusal(.reducer, "too_large", text)
  }

  /// The store cannot be read at the moment.
  package static func unreadable(_ reason: String) -> Refusal {
    Refusal(.reducer, ToolFailure.Code.unavailable.rawValue, "the store cannot be read: \(reason)")
  }

  /// The caller has to come again, or not at all.
  ///
  /// - Parameter code: Agora's word for why.
  package static func notNow(_ text: String, code: String) -> Refusal {
    Refusal(.reducer, code, text)
  }

  /// Whether nothing of v4 is answered any more.
  package var isV4Over: Bool { code == SunsetNotice.endedCode }

  /// A reducer that makes no sense on v5.
  static func withdrawn(_ reducer: String, instead: String) -> Refusal {
    Refusal(
      .reducer, "withdrawn",
      "\(reducer) has no meaning in Agora v5 and nothing was done; \(instead)"
    )
  }
}
