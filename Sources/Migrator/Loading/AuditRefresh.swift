import AgoraStore

/// Looks up the targets of stored audit entries once more: what they name may have come or gone since.
///
/// An audit entry may be about anything, so its target is never made; it is resolved when something has
/// that name, in whichever run that is.
struct AuditRefresh {
  private let context: LoadContext

  init(_ context: LoadContext) { self.context = context }

  func refresh() throws {
    guard context.hasStoredRows else { return }
    try context.references.forgetWorkflows()
    // The options of a retry are for what it loads: what entries are about already stays so.
    let refresh =
      context.isRetrying
      ? RecordRefresh(
        filling: context,
        by: try context.references.asOf(.stub, seeingStubs: true, knowingBorn: true))
      : RecordRefresh(context)
    try refresh.refresh(
      .audit, rows: "SELECT source_row FROM main.audit WHERE source_row IS NOT NULL")
  }
}
