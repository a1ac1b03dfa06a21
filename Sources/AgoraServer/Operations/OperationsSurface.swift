import AgoraStore

/// The versions that the server tells.
enum Version {
  /// The marketplace's, as the protocol has it.
  static let marketplace = "5.0.0"
}

/// What operators and their machines look at: `/health`, `/ready` and `/metrics`.
public struct OperationsSurface: Surface {
  private let parts: ServiceParts
  private let readiness: ReadinessCheck
  private let startedAt: Timestamp

  /// Makes it of the server's parts.
  public init(_ parts: ServiceParts) {
    self.parts = parts
    readiness = ReadinessCheck(parts.marketplace, parts.clock)
    startedAt = parts.clock.now()
  }

  /// Adds the routes.
  public func mount(on router: inout Router) {
    // Whether the process lives; it does if it can say so, and nothing else is looked at. A store that
    // lets everybody wait is no reason to start the server anew.
    router.addImmediate(.get, "/health") {
      Self.document(
        200, "application/json",
        [
          .init("status", .string("healthy")), .init("version", .string(Version.marketplace)),
          .init("timestamp", parts.clock.now().json), .init("started_at", startedAt.json),
        ])
    }
    router.add(.get, "/ready") { routed in
      try parts.access.checkPlace(routed.request)
      let finding = readiness.look()
      let write = JSON.Member("write", finding.write.json)
      if let failure = finding.failure {
        var problem = Problem(failure)
        problem.members.append(.init("ready", .bool(false)))
        problem.members.append(write)
        problem.headers.append("Cache-Control", "no-store")
        throw problem
      }
      return Self.document(
        200, "application/json",
        [
          .init("status", .string("ready")), .init("ready", .bool(true)), write,
          .init("timestamp", parts.clock.now().json),
        ])
    }
    router.add(.get, "/metrics") { routed in
      try parts.access.checkPlace(routed.request)
      let page = MetricsPage(parts: parts, startedAt: startedAt)
      return .text(page.text, type: PrometheusText.type)
    }
  }

  private static func document(
    _ status: HTTPStatus, _ type: String, _ members: [JSON.Member]
  ) -> HTTPResponse {
    var response = HTTPResponse.text(
      JSONWriter.compact(.object(members)) + "\n", status: status, type: type)
    response.headers.append("Cache-Control", "no-store")
    return response
  }
}
