package import AgoraStore

/// The id of a request, which its answer carries as it came (JSON-RPC 2.0 §4).
package enum RPCID: Sendable, Hashable {
  /// A whole number, as it was written.
  case number(String)
  case text(String)

  /// Reads an id; nil for null, fractions and everything else that is none.
  init?(_ json: JSON) {
    switch json {
    case .number(let text) where text.utf8.allSatisfy { $0 == 0x2d || (0x30...0x39).contains($0) }:
      self = .number(text)
    case .string(let text): self = .text(text)
    default: return nil
    }
  }

  var json: JSON {
    switch self {
    case .number(let text): .number(text)
    case .text(let text): .string(text)
    }
  }
}

/// A request as it was read.
package struct RPCRequest: Sendable {
  let id: RPCID
  let method: String
  let params: [JSON.Member]

  /// A parameter; nil where it is not given.
  subscript(_ name: String) -> JSON? { params.first { $0.name == name }?.value }

  /// The members of `_meta`; empty where there is none.
  var meta: [JSON.Member] { self["_meta"]?.members ?? [] }
}

/// One message of a client (JSON-RPC 2.0).
package enum RPCMessage: Sendable {
  case request(RPCRequest)
  case notification(String, [JSON.Member])
  /// An answer; nothing is ever asked here that it could be for.
  case response

  /// The levels of nesting that a message may have: more than any tool takes.
  static let depthLimit = 96

  /// What a message is refused with before anything is known of its method.
  package struct Fault: Error, Sendable {
    /// The request's id, where it could be read.
    package let id: RPCID?
    package let error: RPCError
  }

  /// Reads a message.
  ///
  /// - Throws: ``Fault`` with `-32700` for what is no JSON, `-32600` for what is no message.
  package init(_ bytes: [UInt8]) throws(Fault) {
    let json: JSON
    do throws(JSONError) {
      json = try JSON.parse(bytes, depthLimit: Self.depthLimit)
    } catch { throw Fault(id: nil, error: RPCError(.parse, "not JSON: \(error)")) }
    guard case .object(let members) = json else {
      throw Fault(
        id: nil,
        error: RPCError(
          .invalidRequest,
          json.elements == nil
            ? "a message is an object" : "batches are not taken; send each message by itself"))
    }
    try self.init(members)
  }

  private init(_ members: [JSON.Member]) throws(Fault) {
    func member(_ name: String) -> JSON? { members.first { $0.name == name }?.value }
    let id = member("id")
    let known = id.flatMap { RPCID($0) }
    func fault(_ code: RPCError.Code, _ message: String) -> Fault {
      Fault(id: known, error: RPCError(code, message))
    }
    // Whoever looks at the first and whoever looks at the last one would see two messages.
    if let name = Self.repeated(members) { throw fault(.invalidRequest, "\(name) is given twice") }
    guard member("jsonrpc") == .string("2.0") else {
      throw fault(.invalidRequest, #"jsonrpc has to be "2.0""#)
    }
    guard let method = member("method") else {
      guard id != nil, member("result") != nil || member("error") != nil else {
        throw fault(.invalidRequest, "a request has a method")
      }
      self = .response
      return
    }
    guard case .string(let name) = method else {
      throw fault(.invalidRequest, "method has to be a string")
    }
    if id != nil, known == nil {
      throw fault(.invalidRequest, "id has to be a string or a whole number")
    }
    var params: [JSON.Member] = []
    switch member("params") {
    case .none: break
    case .object(let members)?:
      if let name = Self.repeated(members) {
        throw fault(.invalidParams, "params.\(name) is given twice")
      }
      params = members
    case .some: throw fault(.invalidParams, "params has to be an object")
    }
    self =
      known.map { .request(RPCRequest(id: $0, method: name, params: params)) }
      ?? .notification(name, params)
  }

  /// A name that several of an object's members have.
  private static func repeated(_ members: [JSON.Member]) -> String? {
    var known: Set<[UInt8]> = []
    return members.first { !known.insert($0.name.exact).inserted }.map {
      ValueCheck.shown($0.name)
    }
  }
}
