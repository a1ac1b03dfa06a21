import AgoraStore
import CompatProxy
import Monitor

/// The last chapter of `agora demo`: the report of its own story, and the page that it leaves.
enum DemoReport {
  /// Makes the report of a store and writes the page.
  static func write(of store: String, to page: String) throws -> (chapter: String, json: JSON) {
    let report = try MonitorReport(
      Marketplace(Store(path: store)), at: Clock.ofEnvironment().now(),
      replacements: Reducer.replacements)
    try MonitorCommand.writePage(report, to: page)
    return (
      """
      11. How far is it, and what is to be done before v4 can be switched off?

      $ agora monitor --html \(File.name(of: page))
      \(report.text)
      The same as a page, to be opened in a browser: \(page)
      """, report.json
    )
  }
}
