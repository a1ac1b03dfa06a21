import AgoraStore
import CompatProxy
import Monitor

/// The pages that the `Link` fields and problem documents of v4's answers lead to.
struct GuideSurface: Surface {
  private let access: Access
  private let store: Store

  init(_ parts: ServiceParts) {
    access = parts.access
    store = parts.store
  }

  func mount(on router: inout Router) {
    router.add(.get, SunsetNotice.guidePath) { routed in
      try access.checkPlace(routed.request)
      return DashboardSurface.page(Self.guide, status: 200)
    }
    router.add(.get, SunsetNotice.policyPath) { routed in
      try access.checkPlace(routed.request)
      return DashboardSurface.page(
        GuidePage.policy(try store.read { try SunsetState($0) }), status: 200)
    }
  }

  /// The matrix does not change while the program runs.
  private static let guide = GuidePage.guide(
    MatrixCell.all.map { cell in
      GuidePage.Call(
        reducer: cell.reducer.name, example: cell.example, replacement: cell.replacement.command)
    })
}
