package import AgoraStore

/// Calls whose arguments come as a JSON object, with types: what a door of tools needs to know.
extension Reducer {
  /// Whether arguments by name make a call of this reducer.
  package func takes(_ members: [JSON.Member]) -> Bool {
    let call = LegacyCall(
      database: LegacyDatabase.marketplace.rawValue, reducer: name, arguments: .named(members))
    return (try? BoundCall(call, self)) != nil
  }

  /// The JSON Schema type of a parameter; nil where no shape has it.
  package func schemaType(of parameter: String) -> String? {
    let found = shapes.lazy.flatMap(\.parameters).first { $0.isNamed(parameter) }
    return found.map { found in
      switch found.type {
      case .string, .looseString, .optionalString: "string"
      case .integer, .priority: "integer"
      case .float: "number"
      case .bool: "boolean"
      }
    }
  }

  /// The members with objects and arrays as the texts that the module takes; what is null was not given.
  package static func texts(_ members: [JSON.Member]) -> [JSON.Member] {
    members.compactMap { member in
      switch member.value {
      case .null: nil
      case .object, .array: .init(member.name, .string(JSONWriter.compact(member.value)))
      default: member
      }
    }
  }
}
