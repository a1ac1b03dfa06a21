import AgoraStore
import CompatProxy

/// `spacetime list`.
enum ListCommand {
  static func run(_ arguments: [String]) -> Int32 {
    let options = Options(
      arguments, valued: ["s": "server", "server": "server"], switches: ["y": "yes", "yes": "yes"])
    if let fault = options.fault ?? options.surplus(beyond: 0) {
      return Talk.misuse(fault, "list [OPTIONS]")
    }
    Talk.warnUnstable()
    Talk.print("Associated database identities for \(LegacyDatabase.owner):\n\n")
    let rows = LegacyDatabase.allCases.map {
      (LegacyDatabase.identity(of: $0.rawValue), $0.rawValue)
    }
    let width = rows.map(\.0.utf8.count).max() ?? 0
    let nameWidth = rows.map(\.1.utf8.count).max() ?? 0
    func line(_ identity: String, _ name: String) -> String {
      " \(padded(identity, width)) | \(padded(name, nameWidth)) \n"
    }
    var text = line("db_identity", "name")
    text += String(repeating: "-", count: width + 2) + "+"
    text += String(repeating: "-", count: nameWidth + 2) + "\n"
    for (identity, name) in rows { text += line(identity, name) }
    return Talk.print(text) ? 0 : 1
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.utf8.count))
  }
}

/// `spacetime identity list|new`, of the versions before 1.0.
enum IdentityCommand {
  static func run(_ arguments: [String]) -> Int32 {
    switch arguments.first {
    case "list", "ls", nil:
      return Talk.print("Identity: \(LegacyDatabase.owner)\nDefault: true\n") ? 0 : 1
    case "new":
      return Talk.print("IDENTITY  \(LegacyDatabase.owner)\nIdentity: \(LegacyDatabase.owner)\n")
        ? 0 : 1
    case let word?:
      Talk.error("error: unrecognized subcommand '\(word)'\n")
      return 2
    }
  }
}

/// `spacetime login`: a store's file is its own guard.
enum LoginCommand {
  static func run(_ arguments: [String]) -> Int32 {
    let isShowing = arguments.first == "show"
    let options =
      isShowing
      ? Options(Array(arguments.dropFirst()), switches: ["token": "token"])
      : Options(
        arguments,
        valued: [
          "auth-host": "host", "server-issued-login": "server", "token": "token",
        ])
    if let fault = options.fault ?? options.surplus(beyond: 0) {
      return Talk.misuse(fault, isShowing ? "login show [--token]" : "login [OPTIONS]")
    }
    if isShowing {
      var text = "You are logged in as \(LegacyDatabase.owner)\n"
      if options.has("token") {
        text += "Your auth token (don't share this!) is \(token)\n"
      }
      return Talk.print(text) ? 0 : 1
    }
    return Talk.print(
      "You are already logged in.\nIf you want to log out, use spacetime logout.\n") ? 0 : 1
  }
}

extension LoginCommand {
  /// The token that the drop-in sends; where none is set one that says who calls and opens nothing, for a
  /// store's file asks for none (a JWT without a signature, RFC 7519 §6).
  private static var token: String {
    if let token = System.environment("AGORA_TOKEN"), !token.isEmpty { return token }
    func part(_ members: [JSON.Member]) -> String {
      Base64Text.encodeURL(Array(JSONWriter.compact(.object(members)).utf8))
    }
    let head = part([.init("alg", .string("none")), .init("typ", .string("JWT"))])
    let claims = part([
      .init("hex_identity", .string(LegacyDatabase.owner)), .init("sub", .string("agora")),
      .init("iss", .string("localhost")),
    ])
    return "\(head).\(claims)."
  }
}

/// `spacetime publish DB`: v5 runs no module, and v4's agents publish theirs before they start.
enum PublishCommand {
  static func run(_ arguments: [String], whole: [String]) -> Int32 {
    let valued = [
      "s": "server", "server": "server", "p": "path", "project-path": "path", "b": "bin",
      "bin-path": "bin", "build-options": "build",
    ]
    let options = Options(
      arguments, valued: valued,
      switches: [
        "force": "force", "c": "clear", "clear-database": "clear", "delete-data": "clear",
        "y": "yes", "yes": "yes", "anonymous": "anonymous", "h": "help", "help": "help",
      ])
    let usage = "publish [OPTIONS] [name|identity]"
    if let fault = options.fault ?? options.surplus(beyond: 1) { return Talk.misuse(fault, usage) }
    if options.has("help") { return Talk.print("Usage: spacetime \(usage)\n") ? 0 : 1 }
    guard let database = options.words.first else {
      return Talk.fail("name the database to publish")
    }
    if let status = Spacetime.passOn(database, whole) { return status }
    guard !options.has("clear") else {
      return Talk.fail(
        "the database \(database) is an Agora v5 store, and a call of v4 cannot empty it; nothing was done"
      )
    }
    Talk.error("Agora v5 answers for \(database); there is no module to publish.\n")
    let identity = LegacyDatabase.identity(of: database)
    return Talk.print("Updated database with name: \(database), identity: \(identity)\n") ? 0 : 1
  }
}

/// `spacetime status`.
enum StatusCommand {
  static func run(_ arguments: [String]) -> Int32 {
    let options = Options(arguments, valued: ["s": "server", "server": "server"])
    if let fault = options.fault ?? options.surplus(beyond: 0) {
      return Talk.misuse(fault, "status")
    }
    if let url = Spacetime.serverURL { return ask(url) }
    do {
      let figures = try Spacetime.open().call(
        "agora.query.marketplace", .object([]), as: .owner(.v4)
      ).result
      let counts = (figures["counts"]?.members ?? []).map {
        "\($0.name): \(JSONWriter.compact($0.value))"
      }
      let store = Spacetime.storePath
      return Talk.print(
        "Status: online\nStore: \(store)\n" + counts.joined(separator: "\n") + "\n") ? 0 : 1
    } catch { return Talk.fail(Spacetime.text(error)) }
  }

  private static func ask(_ url: String) -> Int32 {
    do throws(RemoteFault) {
      let server = try RemoteServer(url)
      let reply = try server.ask("GET", "/v1/ping")
      guard reply.status == 200 else { return Talk.fail(server.failure(reply, "/v1/ping")) }
      return Talk.print("Status: online\nServer: \(server.address.url(""))\n") ? 0 : 1
    } catch { return Talk.fail(error.text) }
  }
}
