/// Why a row was not taken; the codes are part of the contract.
public enum RejectCode: String, Sendable, CaseIterable {
  /// Not an object, or an array that does not match its schema.
  case badJSON = "bad_json"
  /// A key twice in one row.
  case duplicateKey = "duplicate_key"
  /// No id where the mapping needs one, or no agent name.
  case missingField = "missing_field"
  case badType = "bad_type"
  case badTimestamp = "bad_timestamp"
  case outOfRange = "out_of_range"
  /// A reference to nothing, with `--orphans reject`.
  case orphan
  case tooLarge = "too_large"
  /// Not UTF-8.
  case invalidText = "invalid_text"
}

/// A row's refusal: a stable code and a sentence.
struct Rejection: Error, Equatable {
  let code: RejectCode
  let reason: String

  init(_ code: RejectCode, _ reason: String) {
    self.code = code
    self.reason = reason
  }
}
