package import AgoraStore

/// What SpacetimeDB's server says of the module: its tables, types and reducers
/// (`RawModuleDefV9` of 1.x, and the entities of 0.6 to 0.8).
package enum ModuleSchema {
  /// The whole definition.
  package static let definition = JSON.object([
    .init(
      "typespace",
      .object([
        .init(
          "types",
          .array(LegacyTable.all.map { SATSType.product($0.columns.map { ($0.name, $0.type) }) }))
      ])),
    .init("tables", .array(LegacyTable.all.indices.map { table($0) })),
    .init("reducers", .array(Reducer.all.map { definition(of: $0) })),
    .init(
      "types",
      .array(
        LegacyTable.all.enumerated().map { index, table in
          .object([
            .init(
              "name",
              .object([
                .init("scope", .array([])), .init("name", .string(typeName(table.name))),
              ])), .init("ty", .int(index)), .init("custom_ordering", .bool(true)),
          ])
        })), .init("misc_exports", .array([])), .init("row_level_security", .array([])),
  ])

  /// `agent_message` is `AgentMessage`.
  private static func typeName(_ table: String) -> String {
    table.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }

  private static func some(_ text: String) -> JSON { .object([.init("some", .string(text))]) }
  private static let none = JSON.object([.init("none", .array([]))])

  private static func table(_ index: Int) -> JSON {
    let table = LegacyTable.all[index]
    let key = table.columns[0].name
    let first = JSON.array([.int(0)])
    return .object([
      .init("name", .string(table.name)), .init("product_type_ref", .int(index)),
      .init("primary_key", first),
      .init(
        "indexes",
        .array([
          .object([
            .init("name", some("\(table.name)_\(key)_idx_btree")),
            .init("accessor_name", some(key)),
            .init("algorithm", .object([.init("BTree", first)])),
          ])
        ])),
      .init(
        "constraints",
        .array([
          .object([
            .init("name", some("\(table.name)_\(key)_key")),
            .init(
              "data",
              .object([.init("Unique", .object([.init("columns", first)]))])),
          ])
        ])), .init("sequences", .array([])), .init("schedule", none),
      .init("table_type", .object([.init("User", .array([]))])),
      .init("table_access", .object([.init("Public", .array([]))])),
    ])
  }

  private static func definition(of reducer: Reducer) -> JSON {
    .object([
      .init("name", .string(reducer.name)), .init("params", SATSType.elements(reducer.module)),
      .init("lifecycle", none),
    ])
  }

  /// One reducer or table of a definition.
  package static func entity(
    _ kind: EntityKind, named name: String, in definition: JSON = definition
  ) -> JSON? {
    definition[kind == .table ? "tables" : "reducers"]?.elements?.first {
      $0["name"]?.text == name
    }
  }

  /// What can be described.
  package enum EntityKind: String, Sendable {
    case reducer, table
  }

  // MARK: 0.6 to 0.8

  /// All entities by name.
  ///
  /// - Parameter expands: whether each says its schema.
  package static func entities(expands: Bool) -> JSON {
    .object(
      LegacyTable.all.map { .init($0.name, old(.table, $0.name, $0.row, expands)) }
        + Reducer.all.map { .init($0.name, old(.reducer, $0.name, $0.module, expands)) })
  }

  /// One entity under its name; nil where there is none.
  package static func entities(
    _ kind: EntityKind, named name: String, expands: Bool
  ) -> JSON? {
    let elements: [(String, SATSType)]? =
      kind == .table
      ? LegacyTable(named: name)?.row : Reducer.all.first { $0.name == name }?.module
    return elements.map { .object([.init(name, old(kind, name, $0, expands))]) }
  }

  private static func old(
    _ kind: EntityKind, _ name: String, _ elements: [(String, SATSType)], _ expands: Bool
  ) -> JSON {
    var members: [JSON.Member] = [
      .init("type", .string(kind.rawValue)), .init("arity", .int(elements.count)),
    ]
    if expands {
      var schema = SATSType.elements(elements, .old).members ?? []
      if kind == .reducer { schema.insert(.init("name", .string(name)), at: 0) }
      members.append(.init("schema", .object(schema)))
    }
    return .object(members)
  }
}

extension LegacyTable {
  fileprivate var row: [(String, SATSType)] { columns.map { ($0.name, $0.type) } }
}

extension Reducer {
  /// The parameters as the module declares them.
  ///
  /// Those of the widest shape that is called by place, for a client drops what is too much. Where shapes disagree about a place's type it is a string, in which
  /// numbers are taken too.
  var module: [(String, SATSType)] {
    let shapes = shapes.filter(\.isPositional)
    let widest = shapes.max { $0.parameters.count < $1.parameters.count } ?? self.shapes[0]
    return widest.parameters.enumerated().map { index, parameter in
      let types = shapes.compactMap {
        index < $0.parameters.count ? $0.parameters[index].type.algebraic : nil
      }
      let agrees = types.allSatisfy { $0 == parameter.type.algebraic }
      return (parameter.name, agrees ? parameter.type.algebraic : .string)
    }
  }
}
