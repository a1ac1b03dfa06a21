import AgoraStore
import CompatProxy

extension Spacetime {
  /// Why reading has to stop that goes on for longer; nil while v4 lasts.
  static func end(of reading: Replacement, in marketplace: Marketplace) throws -> Refusal? {
    try SunsetGate.notice(
      forReading: reading, in: marketplace.store, atLeast: leastPhase())?
      .refusal
  }

  /// Tells whoever reads v4's tables or logs that v4 ends, and refuses once it has ended.
  ///
  /// - Parameter route: the end of the route that the real program would have asked.
  /// - Returns: the exit code; nil where the reading goes on.
  static func refuse(
    reading replacement: Replacement, of database: String, at route: String,
    in marketplace: Marketplace
  ) -> Int32? {
    do {
      let notice = try SunsetGate.notice(
        forReading: replacement, in: marketplace.store,
        atLeast: try leastPhase())
      guard let notice else { return nil }
      guard let refusal = notice.refusal else {
        Talk.error(notice.line + "\n")
        return nil
      }
      let identity = LegacyDatabase.identity(of: database)
      return Talk.fail(
        """
        \(refusal.text)

        Caused by:
            HTTP status client error (410 Gone) for url (http://127.0.0.1:3000/v1/database/\(identity)/\(route))
        """)
    } catch { return Talk.fail(text(error)) }
  }
}
