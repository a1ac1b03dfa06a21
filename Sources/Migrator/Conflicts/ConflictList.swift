public import AgoraStore

/// The rows that v4 and v5 both changed, with what each side says.
public struct ConflictList: Sendable {
  /// One field in which the two sides differ.
  public struct Field: Sendable {
    let name: String
    let v4: JSON
    let v5: JSON
  }

  /// One conflict.
  public struct Entry: Sendable {
    /// Its number, by which commands name it.
    public let number: Int
    let runID: String?
    let table: String
    let v4ID: String
    let v5ID: String
    /// `changed`; `gone` where v4 has the row no more; `added` for a new step of a workflow that v5 has
    /// changed, which is kept in the archive.
    let kind: String
    /// `outstanding`, or the side that was kept.
    public let status: String
    /// What differs; empty for a conflict that is settled or about a row that is gone.
    let fields: [Field]
  }

  /// The conflicts in order.
  public let conflicts: [Entry]

  /// Reads the conflicts of a store.
  ///
  /// - Parameter includingSettled: whether those that somebody has settled are told as well.
  public init(_ store: Store, includingSettled: Bool = false) throws {
    conflicts = try store.withSnapshot { connection in
      let side = V4Side(connection)
      return try Conflict.all(connection, includingSettled: includingSettled).map { conflict in
        let fields =
          conflict.status == "outstanding" ? try side.differences(of: conflict) : []
        let isStep = conflict.kind == .changed && V4Schema.kind(of: conflict.table) == .step
        let isAdded = try isStep && conflict.place(side.context(of: conflict.source)) == nil
        return Entry(
          number: Int(conflict.number), runID: conflict.runID, table: conflict.table,
          v4ID: conflict.v4ID, v5ID: conflict.v5ID,
          kind: isAdded ? "added" : conflict.kind.rawValue,
          status: conflict.status, fields: fields.map { Field(name: $0.name, v4: $0.v4, v5: $0.v5) }
        )
      }
    }
  }

  /// The list as JSON.
  public var json: JSON {
    .object([
      .init(
        "conflicts",
        .array(
          conflicts.map { conflict in
            .object([
              .init("number", .int(conflict.number)), .init("run_id", .optional(conflict.runID)),
              .init("table", .string(conflict.table)), .init("v4_id", .string(conflict.v4ID)),
              .init("v5_id", .string(conflict.v5ID)), .init("kind", .string(conflict.kind)),
              .init("status", .string(conflict.status)),
              .init(
                "fields",
                .array(
                  conflict.fields.map {
                    .object([
                      .init("field", .string($0.name)), .init("v4", $0.v4), .init("v5", $0.v5),
                    ])
                  })),
            ])
          }))
    ])
  }

  /// The list for people: what each conflict is about, and each field with both sides.
  public var text: String {
    guard !conflicts.isEmpty else { return "No conflicts are outstanding." }
    var lines: [String] = []
    for conflict in conflicts {
      let what =
        switch conflict.kind {
        case "gone": "v4 has it no more, v5 changed it"
        case "added": "v4 added it to a workflow that v5 changed; it is in the archive"
        default: "v4 and v5 changed it"
        }
      let settled = conflict.status == "outstanding" ? "" : "; \(conflict.status) was kept"
      lines.append(
        TextTable.visible(
          "\(conflict.number)  \(conflict.table) \(conflict.v4ID) (\(conflict.v5ID)): \(what)\(settled)"
        ))
      guard !conflict.fields.isEmpty else { continue }
      let rows = conflict.fields.map { [$0.name, Self.short($0.v4), Self.short($0.v5)] }
      let table = TextTable.lines([["field", "v4", "v5"]] + rows, leftColumns: 3)
      lines += table.enumerated().filter { $0.offset != 1 }.map { "     " + $0.element }
    }
    if conflicts.contains(where: { $0.status == "outstanding" }) {
      lines += ["", "v5's records stand until you decide: agora conflicts resolve N --keep v4|v5"]
    }
    return lines.joined(separator: "\n")
  }

  private static func short(_ value: JSON) -> String {
    let text = JSONWriter.compact(value)
    return text.count <= 48 ? text : text.prefix(47) + "…"
  }
}
