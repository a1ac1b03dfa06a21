enum DemoCommand {
  static let command = Command(
    words: ["demo"], summary: "Shows the whole story on a small v4 deployment.",
    run: { _ in .failed })
}
