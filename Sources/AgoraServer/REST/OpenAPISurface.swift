import AgoraStore

/// `/openapi.json`: the REST interface as an OpenAPI document.
public struct OpenAPISurface: Surface {
  private let parts: ServiceParts
  private let text: String

  /// Makes it of the server's parts.
  public init(_ parts: ServiceParts) {
    self.parts = parts
    text = JSONWriter.pretty(OpenAPIDocument(parts.marketplace.catalog).json)
  }

  /// Adds the route.
  public func mount(on router: inout Router) {
    router.add(.get, "/openapi.json") { routed in
      try parts.access.checkPlace(routed.request)
      return .text(text, type: "application/json")
    }
  }
}
