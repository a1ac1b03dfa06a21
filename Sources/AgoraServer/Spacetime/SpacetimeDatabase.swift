import AgoraStore
import CompatProxy

/// The database that a path names, and what there is to know of it.
struct SpacetimeDatabase: Sendable {
  /// Which of v4's it is.
  let known: LegacyDatabase

  private init(_ known: LegacyDatabase) { self.known = known }

  /// Finds the database of a path of 1.x, by name or identity.
  ///
  /// - Throws: ``SpacetimeReply`` 400 for what is no name, 404 for what is none of ours.
  init(_ routed: RoutedRequest) throws(SpacetimeReply) {
    let text = routed.places["database"] ?? ""
    let isIdentity = SpacetimeIdentity.isIdentity(text)
    guard isIdentity || Self.isName(text) else {
      throw .text(400, "Invalid URL: invalid characters in database name")
    }
    guard let known = LegacyDatabase(named: SpacetimeIdentity.plain(text) ?? text) else {
      throw .text(404, isIdentity ? "No such database." : "")
    }
    self.known = known
  }

  /// Finds the database of a path of 0.6 to 0.8, by name or address.
  ///
  /// - Throws: ``SpacetimeReply`` as ``init(_:)``.
  init(old routed: RoutedRequest) throws(SpacetimeReply) {
    let text = (routed.places["database"] ?? "").lowercased()
    if let known = LegacyDatabase.allCases.first(where: { $0.address == text }) {
      self = SpacetimeDatabase(known)
    } else {
      self = try SpacetimeDatabase(routed)
    }
  }

  /// Whether a text can be a database's name: `^[a-z0-9]+(-[a-z0-9]+)*$`.
  private static func isName(_ text: String) -> Bool {
    text.split(separator: "-", omittingEmptySubsequences: false).allSatisfy { part in
      !part.isEmpty
        && part.utf8.allSatisfy {
          (0x61...0x7a).contains($0) || (0x30...0x39).contains($0)
        }
    }
  }

  /// The identity, 64 hex digits.
  var identity: String { LegacyDatabase.identity(of: known.rawValue) }

  private static func tagged(_ identity: String) -> JSON {
    .object([.init("__identity__", .string("0x\(identity)"))])
  }

  /// The hash that the module would have.
  private static let program: String = {
    var digits: [UInt8] = []
    let text = JSONWriter.compact(ModuleSchema.definition)
    for byte in SHA256.digest(Array(text.utf8)) { digits.append(hex: byte) }
    return String(decoding: digits, as: UTF8.self)
  }()

  /// What 1.x says of a database.
  var description: SpacetimeReply {
    .json(
      .object([
        .init("database_identity", Self.tagged(identity)),
        .init("owner_identity", Self.tagged(LegacyDatabase.owner)),
        .init("host_type", .object([.init("Wasm", .array([]))])),
        .init("initial_program", .string("0x\(Self.program)")),
      ]))
  }

  /// What 0.6 to 0.8 said of a database.
  var oldDescription: SpacetimeReply {
    .json(
      .object([
        .init("address", .string(known.address)), .init("identity", .string(LegacyDatabase.owner)),
        .init("host_type", .string("wasmer")), .init("num_replicas", .int(1)),
        .init("program_bytes_address", .string(Self.program)),
      ]))
  }

  /// The names.
  var names: SpacetimeReply {
    .json(.object([.init("names", .array([.string(known.rawValue)]))]))
  }

  /// Refuses to give the database another name.
  func refuseName(_ body: [UInt8]) throws(SpacetimeReply) -> SpacetimeReply {
    guard let name = String(validating: body, as: UTF8.self), Self.isName(name) else {
      throw .text(400, "invalid characters in database name")
    }
    return .json(
      .object([.init("PermissionDenied", .object([.init("domain", .string(name))]))]),
      status: 401)
  }

  /// Refuses to give the database other names.
  func refuseNames() throws(SpacetimeReply) -> SpacetimeReply {
    .json(
      .object([.init("NotYourDatabase", .object([.init("database", .string(identity))]))]),
      status: 401)
  }

  /// Refuses to publish or delete a database.
  static let unpublishable = SpacetimeReply.text(
    403,
    "Agora v5 answers for v4's databases: there is no module to publish, and none of them can be deleted; nothing was done"
  )

  // MARK: the schema

  /// The module's definition.
  func schema(_ routed: RoutedRequest) throws(SpacetimeReply) -> SpacetimeReply {
    let version = routed.request.target.parameters.first { $0.name == "version" }?.value
    guard let version else {
      throw .text(400, "Failed to deserialize query string: missing field `version`")
    }
    guard version == "9" else {
      throw .text(
        400,
        "Failed to deserialize query string: unknown variant `\(version.prefix(40))`, expected `9`")
    }
    return .json(ModuleSchema.definition)
  }

  private static func expands(_ routed: RoutedRequest) -> Bool {
    routed.request.target.parameters.first { $0.name == "expand" }?.value == "true"
  }

  /// All entities, for 0.6 to 0.8.
  func entities(_ routed: RoutedRequest) throws(SpacetimeReply) -> SpacetimeReply {
    .json(
      .object([
        .init("entities", ModuleSchema.entities(expands: Self.expands(routed))),
        .init("typespace", .array([])),
      ]))
  }

  /// One entity, for 0.6 to 0.8.
  func entity(_ routed: RoutedRequest) throws(SpacetimeReply) -> SpacetimeReply {
    let (word, name) = (routed.places["kind"] ?? "", routed.places["name"] ?? "")
    guard let kind = ModuleSchema.EntityKind(rawValue: word) else {
      throw .text(400, "\(word.prefix(40)) is neither reducer nor table")
    }
    // These routes always said the whole schema of one entity unless told otherwise.
    let expand = routed.request.target.parameters.first { $0.name == "expand" }?.value
    guard
      let entity = ModuleSchema.entities(kind, named: name, expands: expand != "false")
    else { throw .text(404, "\(word) \"\(name.prefix(80))\" not found") }
    return .json(entity)
  }

  /// The address of a name, for 0.6 to 0.8.
  static func resolve(_ routed: RoutedRequest) -> SpacetimeReply {
    let name = routed.places["name"] ?? ""
    guard let known = LegacyDatabase(rawValue: name) else {
      return .json(.object([.init("Failure", .object([.init("domain", .string(name))]))]))
    }
    return .json(
      .object([
        .init(
          "Success",
          .object([
            .init("domain", .string(name)), .init("address", .string(known.address)),
          ]))
      ]))
  }
}
