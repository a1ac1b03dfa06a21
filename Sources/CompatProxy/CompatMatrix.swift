package import AgoraStore

/// The reducers, their shapes and what each is on v5, as data.
package enum CompatMatrix {
  /// The cells of a reducer.
  package static func cells(of reducer: Reducer) -> [MatrixCell] {
    MatrixCell.all.filter { $0.reducer.name == reducer.name }
  }

  /// The matrix as JSON.
  package static var json: JSON {
    .object([
      .init(
        "reducers",
        .array(
          Reducer.all.map { reducer in
            .object([
              .init("reducer", .string(reducer.name)),
              .init("v5", .string(reducer.replacement)),
              .init("shapes", .array(cells(of: reducer).map(\.json))),
            ])
          }))
    ])
  }
}
