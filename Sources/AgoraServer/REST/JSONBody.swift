import AgoraStore

/// The JSON object in a request's body, read as strictly as can be.
enum JSONBody {
  /// Levels of nesting that a body may have.
  static let depthLimit = 64

  /// Reads the object; an empty body is one without members.
  ///
  /// - Throws: ``Problem`` 415 for another media type, 400 for what is no object in JSON.
  static func object(of request: HTTPRequest) throws(Problem) -> JSON {
    guard !request.body.isEmpty else { return .object([]) }
    try checkType(request.headers)
    let value: JSON
    do throws(JSONError) {
      value = try JSON.parse(request.body, depthLimit: depthLimit)
    } catch {
      throw invalid("the body is no JSON: \(error)")
    }
    guard case .object = value else {
      throw invalid("the body is JSON, but no object with the parameters")
    }
    return value
  }

  private static func checkType(_ headers: HTTPHeaders) throws(Problem) {
    let fields = headers.all("Content-Type")
    guard fields.count == 1, isJSON(fields[0]) else {
      throw Problem(
        415, "unsupported_media_type",
        "the body has to be JSON in UTF-8: send Content-Type: application/json")
    }
    guard headers.list("Content-Encoding").allSatisfy({ $0 == "identity" }) else {
      throw Problem(415, "unsupported_media_type", "the body may not be compressed")
    }
  }

  /// Whether a media type is JSON's, in UTF-8 (RFC 8259 §8.1, RFC 6839 §3.1).
  static func isJSON(_ field: String) -> Bool {
    let parts = field.lowercased().split(separator: ";").map { part in
      String(decoding: HTTPHeaders.trimmed(Array(part.utf8)), as: UTF8.self)
    }
    guard let type = parts.first,
      type == "application/json" || type.hasPrefix("application/") && type.hasSuffix("+json")
    else { return false }
    return parts.dropFirst().allSatisfy { parameter in
      guard parameter.hasPrefix("charset=") else { return true }
      return ["utf-8", "utf8"].contains(parameter.dropFirst(8).filter { $0 != "\"" })
    }
  }

  static func invalid(_ detail: String) -> Problem {
    Problem(400, ToolFailure.Code.invalidParameter.rawValue, detail)
  }
}
