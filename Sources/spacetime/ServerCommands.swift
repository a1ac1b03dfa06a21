import AgoraStore
import CompatProxy

/// `spacetime server ping|list`.
enum ServerCommand {
  private static let others: Set<String> = [
    "set-default", "add", "remove", "fingerprint", "edit", "clear",
  ]
  private static let usage = "server <COMMAND>"

  static func run(_ arguments: [String]) -> Int32 {
    let rest = Array(arguments.dropFirst())
    switch arguments.first {
    case "ping": return ping(rest)
    case "list":
      let options = Options(rest)
      if let fault = options.fault ?? options.surplus(beyond: 0) {
        return Talk.misuse(fault, "server list")
      }
      Talk.warnUnstable()
      return Talk.print(
        " DEFAULT | HOSTNAME       | PROTOCOL | NICKNAME \n---------+----------------+----------+----------\n ***     | 127.0.0.1:3000 | http     | local    \n"
      ) ? 0 : 1
    case let word? where others.contains(word):
      return Talk.fail(
        "spacetime server \(word) has no use here: the server is the file \(Spacetime.storePath)")
    case let word?: return Talk.misuse("unrecognized subcommand '\(word)'", usage)
    case nil:
      return Talk.misuse(
        "'spacetime server' requires a subcommand but one was not provided\n  [subcommands: ping, list]",
        usage)
    }
  }

  /// Looks whether a server answers: the one of a URL, or that of the store for a nickname or none.
  static func ping(_ arguments: [String]) -> Int32 {
    let options = Options(arguments, valued: ["s": "server", "server": "server"])
    if let fault = options.fault ?? options.surplus(beyond: 1) {
      return Talk.misuse(fault, "server ping <server>")
    }
    Talk.warnUnstable()
    guard let name = options.words.first, name.contains(":") || name.contains(".") else {
      if let url = Spacetime.serverURL { return ping(url) }
      return pingStore("http://127.0.0.1:3000")
    }
    var url = name.contains("://") ? name : "http://\(name)"
    while url.last == "/" { url.removeLast() }
    let server: RemoteServer
    do throws(RemoteFault) { server = try RemoteServer(url) } catch {
      return say("could not be reached (\(error.reason))", url)
    }
    do throws(RemoteFault) { return try ping(server) } catch {
      // Where v4's own server stood, the store answers in its place now.
      let host = server.address.host
      let isHere = host == "localhost" || host == "::1" || host.hasPrefix("127.")
      if isHere, Spacetime.serverURL == nil { return pingStore(url) }
      return say("could not be reached (\(error.reason))", url)
    }
  }

  /// Looks whether the store answers.
  private static func pingStore(_ url: String) -> Int32 {
    do {
      _ = try Spacetime.open().call("agora.query.marketplace", .object([]), as: .owner(.v4))
      return say("is online", url)
    } catch {
      // The real one ends with 0 here too; agents look at the words.
      return say("could not be reached (\(Spacetime.text(error)))", url)
    }
  }

  /// Looks whether the server of the environment answers.
  private static func ping(_ url: String) -> Int32 {
    let server: RemoteServer
    // What is no address at all is a mistake on this side, which the real one refuses too.
    do throws(RemoteFault) { server = try RemoteServer(url) } catch { return Talk.fail(error.text) }
    do throws(RemoteFault) { return try ping(server) } catch {
      return say("could not be reached (\(error.reason))", url)
    }
  }

  private static func ping(_ server: RemoteServer) throws(RemoteFault) -> Int32 {
    let reply = try server.ask("GET", "/v1/ping")
    let text =
      switch reply.status {
      case 200: "is online"
      case 404: "returned 404 (Not Found)"
      default: "could not be reached (\(reply.status) \(reply.reason))"
      }
    return say(text, server.address.url(""))
  }

  private static func say(_ text: String, _ url: String) -> Int32 {
    Talk.print("Server \(text): \(url)\n") ? 0 : 1
  }
}

/// `spacetime energy balance`: nobody pays for calls here.
enum EnergyCommand {
  static func run(_ arguments: [String]) -> Int32 {
    guard let word = arguments.first else {
      return Talk.misuse(
        "'spacetime energy' requires a subcommand but one was not provided\n  [subcommands: balance]",
        "energy <COMMAND>")
    }
    guard word == "balance" else {
      return Talk.misuse("unrecognized subcommand '\(word)'", "energy <COMMAND>")
    }
    let options = Options(
      Array(arguments.dropFirst()),
      valued: [
        "i": "identity", "identity": "identity", "s": "server", "server": "server",
      ], switches: ["y": "yes", "yes": "yes"])
    if let fault = options.fault ?? options.surplus(beyond: 0) {
      return Talk.misuse(fault, "energy balance [OPTIONS]")
    }
    Talk.warnUnstable()
    return Talk.print("{\"balance\":\"0\"}\n") ? 0 : 1
  }
}

/// `spacetime version`, which manages the installed versions since 1.0 and only told its own before.
enum VersionCommand {
  private static let usage = """
    Manage installed spacetime versions

    Usage: spacetime version <COMMAND>

    Commands:
      list  Lists the installed versions

    """

  static func run(_ arguments: [String]) -> Int32 {
    switch arguments.first {
    case nil, "help", "--help", "-h":
      return Talk.print(usage + "\n" + Spacetime.versionText) ? 0 : 1
    case "list":
      let options = Options(Array(arguments.dropFirst()), switches: ["all": "all"])
      if let fault = options.fault ?? options.surplus(beyond: 0) {
        return Talk.misuse(fault, "version list [OPTIONS]")
      }
      return Talk.print("\(Spacetime.version) (current)\n") ? 0 : 1
    case let word? where ["use", "install", "upgrade", "uninstall"].contains(word):
      return Talk.fail(
        "Agora v5 answers in the place of spacetime \(Spacetime.version); there is no other version to \(word)"
      )
    case let word?: return Talk.misuse("unrecognized subcommand '\(word)'", "version <COMMAND>")
    }
  }
}
