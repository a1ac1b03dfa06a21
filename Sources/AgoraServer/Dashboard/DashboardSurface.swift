import AgoraStore
import Monitor

/// `GET /`: how far the way from v4 to v5 is, as a page for people and as JSON for programs.
public struct DashboardSurface: Surface {
  private let access: Access
  private let reports: ReportCache

  /// Makes it of the server's parts.
  public init(_ parts: ServiceParts) {
    access = parts.access
    reports = parts.reports
  }

  /// Adds the route.
  public func mount(on router: inout Router) {
    router.add(.get, "/") { routed in
      let wantsPage = Self.wantsPage(routed.request)
      do throws(Problem) {
        _ = try access.caller(of: routed.request, routed.context, through: .http)
      } catch {
        // A browser sends no token by itself: the page asks for one.
        guard error.status.code == 401, wantsPage, routed.request.headers["Authorization"] == nil
        else { throw error }
        return Self.page(ReportPage.locked, status: 401)
      }
      let report = try reports.report(notOlderThan: 1)
      guard wantsPage else { return Self.json(report) }
      return Self.page(report.pageBytes, status: 200)
    }
  }

  /// Whether the client would rather have a page than JSON: a browser says so, and so does who says nothing.
  private static func wantsPage(_ request: HTTPRequest) -> Bool {
    let accepted = request.headers.all("Accept").joined(separator: ",").lowercased()
    return !accepted.contains("application/json") || accepted.contains("text/html")
  }

  static func page(_ html: String, status: HTTPStatus) -> HTTPResponse {
    page(Array(html.utf8), status: status)
  }

  private static func page(_ html: [UInt8], status: HTTPStatus) -> HTTPResponse {
    HTTPResponse(
      status,
      [
        ("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store"),
        ("Vary", "Accept, Authorization"), ("Content-Security-Policy", ReportPage.policy),
        ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
        ("X-Frame-Options", "DENY"), ("Cross-Origin-Opener-Policy", "same-origin"),
      ], body: .bytes(html))
  }

  private static func json(_ report: MonitorReport) -> HTTPResponse {
    var body: [UInt8] = []
    report.writeJSON { body += $0 }
    return HTTPResponse(
      200,
      [
        ("Content-Type", "application/json"), ("Cache-Control", "no-store"),
        ("Vary", "Accept, Authorization"), ("X-Content-Type-Options", "nosniff"),
      ], body: .bytes(body))
  }
}
