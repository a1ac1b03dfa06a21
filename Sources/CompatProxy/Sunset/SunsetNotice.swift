package import AgoraStore

/// What an answer to a call of v4 carries once v4 is deprecated, whether the call was done or refused.
///
/// On the command line it is ``line``, over HTTP ``headerFields``, and ``problem`` where it was refused.
package struct SunsetNotice: Sendable, Equatable {
  /// The code of calls that fail in a window.
  package static let brownoutCode = "v4_brownout"
  /// The code of calls that fail for good.
  package static let endedCode = "v4_sunset"
  /// Where the server tells what to do, and how v4 is ended.
  package static let guidePath = "/docs/migration/v4"
  /// Where the server tells how v4 is ended.
  package static let policyPath = "/docs/sunset-policy"

  /// What became of the call.
  package let decision: SunsetDecision
  /// The reducer that was called; nil for what is no call of one.
  package let reducer: String?
  /// From when v4 is deprecated.
  package let deprecation: Timestamp?
  /// When v4 ends or has ended; never before ``deprecation``.
  package let sunset: Timestamp?
  /// What to call instead.
  package let replacement: Replacement

  package init(
    _ decision: SunsetDecision, _ state: SunsetState, reducer: String?, replacement: Replacement
  ) {
    self.decision = decision
    self.reducer = reducer
    self.replacement = replacement
    deprecation = state.deprecatedAt
    sunset = state.end
  }

  /// One line for a terminal, with the exact call of v5.
  package var line: String { "agora: \(sentence)" }

  /// What a caller should know, with the exact call of v5.
  package var sentence: String {
    let end = sunset.map { " and ends on \($0)" } ?? ""
    let instead = reducer.map { " instead of \(TextTable.visible(String($0.prefix(64))))" } ?? ""
    return "v4 is deprecated\(end); call\(instead): \(replacement.command)"
  }

  /// Why the call was refused; nil where it was done.
  package var refusal: Refusal? {
    let instead = "call this instead: \(replacement.command)"
    switch decision {
    case .pass, .warn: return nil
    case .brownout(let window):
      return Refusal(
        .reducer, Self.brownoutCode,
        "v4 is switched off until \(window.end) to show what still calls it (\(Self.brownoutCode)); \(instead)"
      )
    case .ended:
      let when = sunset.map { " on \($0)" } ?? ""
      return Refusal(
        .reducer, Self.endedCode, "v4 has ended\(when) (\(Self.endedCode)); \(instead)")
    }
  }

  // MARK: HTTP

  /// The fields of an HTTP answer: `Deprecation` (RFC 9745), `Sunset` (RFC 8594), `Link` (RFC 8288) and,
  /// in a window, `Retry-After` in seconds.
  ///
  /// - Parameter now: the instant, for the seconds.
  package func headerFields(at now: Timestamp) -> [(name: String, value: String)] {
    var fields: [(name: String, value: String)] = []
    if let deprecation {
      fields.append(("Deprecation", "@\(Self.seconds(deprecation))"))
    }
    if let sunset { fields.append(("Sunset", HTTPDate.text(seconds: Self.seconds(sunset)))) }
    var links = [
      "<\(Self.guidePath)>; rel=\"deprecation\"; type=\"text/html\"",
      "<\(Self.policyPath)>; rel=\"sunset\"; type=\"text/html\"",
    ]
    if let path = replacement.path { links.append("<\(path)>; rel=\"successor-version\"") }
    fields.append(("Link", links.joined(separator: ", ")))
    if case .brownout(let window) = decision {
      let rest = max(0, window.end.microseconds - now.microseconds)
      fields.append(("Retry-After", String((rest + 999_999) / 1_000_000)))
    }
    return fields
  }

  /// Whole seconds since 1970, the earlier one.
  private static func seconds(_ instant: Timestamp) -> Int64 {
    let (whole, rest) = instant.microseconds.quotientAndRemainder(dividingBy: 1_000_000)
    return rest < 0 ? whole - 1 : whole
  }

  /// The status of the answer to a call that was refused: Gone, in windows too (never 429, which clients
  /// silently retry).
  package static let status = 410

  /// The problem document (RFC 9457) of a call that was refused; nil where it was done.
  ///
  /// - Parameter instance: what names the request.
  package func problem(instance: String? = nil) -> JSON? {
    guard let refusal else { return nil }
    var members: [JSON.Member] = [
      .init("type", .string("urn:agora:problem:\(refusal.code.replacing("_", with: "-"))")),
      .init(
        "title",
        .string(decision == .ended ? "v4 API removed" : "v4 API in a scheduled brownout")),
      .init("status", .int(Self.status)), .init("detail", .string(refusal.text)),
      .init("code", .string(refusal.code)),
    ]
    if let instance { members.append(.init("instance", .string(instance))) }
    members += [
      .init("replacement", .string(replacement.path ?? replacement.tool)),
      .init("replacement_call", replacement.json),
      .init("migration_guide", .string(Self.guidePath)),
      .init("sunset", .optional(sunset?.description)),
    ]
    if case .brownout(let window) = decision {
      members.append(.init("ends_at", .string(window.end.description)))
    }
    return .object(members)
  }
}
