import AgoraStore
import CompatProxy

/// `spacetime export DB --format json`, which no released SpacetimeDB has and v4's documents speak of: the
/// v4 bundle, as v4 would have it now.
///
/// The program agora makes it, for a drop-in that is started for each call has to stay small.
enum ExportCommand {
  static func run(_ arguments: [String], whole: [String]) -> Int32 {
    let options = Options(
      arguments,
      valued: [
        "s": "server", "server": "server", "format": "format", "o": "output", "output": "output",
      ],
      switches: ["y": "yes", "yes": "yes", "anonymous": "anonymous"])
    guard options.unknown == nil, options.words.count == 1,
      options.value("format") ?? "json" == "json"
    else {
      Talk.error(
        "error: name one database\n\nUsage: spacetime export <database> [--format json] [-o <FILE>]\n"
      )
      return 2
    }
    if let status = Spacetime.passOn(options.words[0], whole) { return status }
    do {
      if let status = Spacetime.refuse(
        reading: Replacement("agora export --format v4 --with-new"), of: options.words[0],
        at: "export", in: try Spacetime.open())
      {
        return status
      }
    } catch { return Talk.fail(Spacetime.text(error)) }
    guard let agora = RealSpacetime.agora else {
      return Talk.fail(
        "the program agora, which makes the export, is neither beside this one nor on the PATH")
    }
    let file = options.value("output").map { ["-o", $0] } ?? []
    return RealSpacetime.become(
      agora,
      ["export", "--format", "v4", "--with-new", "--store", Spacetime.storePath] + file, as: "agora"
    )
  }
}
