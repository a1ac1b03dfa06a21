/// Why a tool call was not done: one of the marketplace's stable codes, and a sentence that says what to
/// do about it.
///
/// What a code is on a transport (a status, a number, an exit code) is that transport's business.
public struct ToolFailure: Error, Sendable, Equatable, CustomStringConvertible {
  /// The codes; they never change their meaning.
  public enum Code: String, Sendable, CaseIterable {
    /// A parameter is unknown, missing, of the wrong type or out of its limits.
    case invalidParameter = "invalid_parameter"
    /// The caller has not said who it is, and this tool asks for it.
    case unauthorized
    /// The caller may not do this.
    case forbidden
    /// What the call names is not there.
    case notFound = "not_found"
    /// The state of things does not allow it now.
    case conflict
    /// It was there and is no more.
    case gone
    /// More bytes than are taken.
    case tooLarge = "too_large"
    /// Too many calls.
    case rateLimited = "rate_limited"
    /// A promise of this program was broken; a defect to report.
    case `internal`
    /// An operator has halted what the call would change.
    case halted
    /// The store cannot do it at the moment; the same call may succeed later.
    case unavailable

    /// What the code means, in a sentence for help and for descriptions.
    public var meaning: String {
      switch self {
      case .invalidParameter: "A parameter is unknown, missing, of the wrong type or out of limits."
      case .unauthorized: "The caller has not said who it is."
      case .forbidden: "The caller may not do this."
      case .notFound: "What the call names is not there."
      case .conflict: "The state of things does not allow it now."
      case .gone: "It was there and is no more."
      case .tooLarge: "More bytes than are taken."
      case .rateLimited: "Too many calls."
      case .internal: "A promise of this program was broken; a defect to report."
      case .halted: "An operator has halted what the call would change."
      case .unavailable: "The store cannot do it at the moment; the same call may succeed later."
      }
    }
  }

  /// What kind of failure it is.
  public let code: Code
  /// What was wrong and what to do, in a sentence or two without a final full stop.
  public let message: String
  /// The parameter it is about, as a path such as `steps[2].agent`; nil where it is about none.
  public var parameter: String?
  /// More for programs, an object; nil where there is no more.
  public let details: JSON?
  /// What is wrong with the store, for doors of whoever has its file; nil where the call itself was refused.
  public let fault: AgoraError?
  /// ``fault`` where the same call does not succeed later by itself.
  package var lastingFault: AgoraError? { fault.flatMap { $0.isPassing ? nil : $0 } }

  /// Makes a failure.
  public init(
    _ code: Code, _ message: String, parameter: String? = nil, details: JSON? = nil
  ) {
    self.code = code
    self.message = message
    self.parameter = parameter
    self.details = details
    fault = nil
  }

  /// The message with its code.
  public var description: String { "\(message) [\(code.rawValue)]" }

  /// The failure as every transport gives it: `code`, `message`, `parameter`, `details`.
  public var json: JSON {
    var members: [JSON.Member] = [
      .init("code", .string(code.rawValue)), .init("message", .string(message)),
    ]
    if let parameter { members.append(.init("parameter", .string(parameter))) }
    if let details { members.append(.init("details", details)) }
    return .object(members)
  }
}

extension ToolFailure {
  /// The failure that any error means to a caller.
  package init(_ error: any Error) {
    switch error {
    case let failure as ToolFailure: self = failure
    case let error as AgoraError: self.init(error)
    case let error as SQLiteError: self.init(AgoraError(error, store: nil))
    default: self.init(.internal, "\(error)")
    }
  }

  /// The path stays in ``fault``: strangers read the message.
  private init(_ error: AgoraError) {
    (code, message) =
      switch error.code {
      case .busy, .locked:
        (.unavailable, "another program is writing to the store; call again in a moment")
      case .diskFull:
        (.unavailable, "the disk is full; nothing was changed. Make room and call again")
      case .noStore, .permissionDenied, .storeIsNewer, .notAStore, .tooManyFiles:
        (.unavailable, "the store cannot be used: \(Self.sentences(error))")
      default: (.internal, "the store failed: \(error.message)")
      }
    (parameter, details, fault) = (nil, nil, error)
  }

  /// What was wrong and what to do, without the final full stop.
  private static func sentences(_ error: AgoraError) -> String {
    guard let remedy = error.remedy else { return error.message }
    return "\(error.message). \(remedy.hasSuffix(".") ? String(remedy.dropLast()) : remedy)"
  }
}
