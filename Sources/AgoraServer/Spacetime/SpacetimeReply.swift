import AgoraStore

/// An answer in SpacetimeDB's manner: plain text, or JSON of exactly the type `application/json`.
struct SpacetimeReply: Error, Sendable {
  var response: HTTPResponse

  /// A text; none at all where it is empty.
  static func text(
    _ status: HTTPStatus, _ text: String, _ headers: [(String, String)] = []
  ) -> SpacetimeReply {
    var response = text.isEmpty ? HTTPResponse(status) : .text(text, status: status)
    for (name, value) in headers { response.headers.append(name, value) }
    return SpacetimeReply(response: response)
  }

  /// A JSON document.
  static func json(
    _ json: JSON, status: HTTPStatus = 200, _ headers: [(String, String)] = []
  ) -> SpacetimeReply {
    var response = HTTPResponse.text(
      JSONWriter.compact(json), status: status, type: "application/json")
    for (name, value) in headers { response.headers.append(name, value) }
    return SpacetimeReply(response: response)
  }
}

extension SpacetimeReply {
  /// What the server itself refuses, as SpacetimeDB's routes tell it.
  init(_ problem: Problem) {
    self = .text(problem.status, problem.detail, [("agora-code", problem.code)])
    let own = problem.response.headers
    for field in own.fields where field.name.lowercased() != "content-type" {
      response.headers.append(field.name, field.value)
    }
  }
}
