import AgoraStore

/// Why a server has given no answer, in the words of SpacetimeDB's command line.
struct RemoteFault: Error {
  let text: String

  /// The innermost cause in one line, without its number.
  var reason: String {
    let line = text.split(separator: "\n").last { !$0.hasPrefix("What to do") } ?? ""
    return String(line.drop { " 0123456789:".contains($0) })
  }

  init(_ error: AgoraError) {
    text = [error.message, error.remedy].compactMap { $0 }.joined(separator: "\nWhat to do: ")
  }

  init(_ fault: HTTPConnection.Fault, _ url: String) {
    let head = "error sending request for url (\(url))\n\nCaused by:\n"
    switch fault {
    case .unreachable(let error) where ClientSocket.isTimeout(error),
      .broken(let error)
    where ClientSocket.isTimeout(error):
      text = head + "    operation timed out"
    case .unreachable(let error):
      let reason = "\(error.reason) (os error \(error.number))"
      text =
        head
        + "    0: client error (Connect)\n    1: tcp connect error: \(reason)\n    2: \(reason)"
    case .broken(let error):
      text =
        head
        + "    0: client error (SendRequest)\n    1: \(error.reason) (os error \(error.number))"
    case .malformed(let reason):
      text = head + "    0: client error (SendRequest)\n    1: \(reason)"
    }
  }
}

/// The server that `AGORA_URL` names.
struct RemoteServer {
  let address: ServerAddress

  init(_ url: String) throws(RemoteFault) {
    do throws(AgoraError) { address = try ServerAddress(url) } catch { throw RemoteFault(error) }
  }

  /// What every request says: who we are, and what opens the server's doors beyond its own machine.
  static var fields: [(String, String)] {
    var fields = [("User-Agent", "spacetimedb-cli/\(Spacetime.version)")]
    if let token = System.environment("AGORA_TOKEN") {
      fields.append(("Authorization", "Bearer \(token)"))
    }
    return fields
  }

  /// Asks.
  func ask(
    _ method: String, _ path: String, _ fields: [(String, String)] = [], _ body: [UInt8]? = nil
  ) throws(RemoteFault) -> HTTPReply {
    do throws(HTTPConnection.Fault) {
      return try HTTPConnection(address).exchange(
        method, path, fields: Self.fields + fields, body: body)
    } catch { throw RemoteFault(error, address.url(path)) }
  }

  /// The text of an answer; the server's own refusals are problem documents.
  func text(of reply: HTTPReply) -> String {
    guard reply.field("Content-Type") == "application/problem+json",
      let detail = (try? JSON.parse(reply.body))?["detail"]?.text
    else { return reply.text }
    return detail
  }

  /// What is said of an answer that is no success.
  ///
  /// - Parameter head: what stands before the server's text.
  func failure(_ reply: HTTPReply, _ path: String, _ head: String = "") -> String {
    let text = text(of: reply)
    let side = reply.status < 500 ? "client" : "server"
    let reason = reply.reason.isEmpty ? "<unknown status code>" : reply.reason
    return """
      \(head)\(text.isEmpty ? reason : text)

      Caused by:
          HTTP status \(side) error (\(reply.status) \(reason)) for url (\(address.url(path)))
      """
  }
}
