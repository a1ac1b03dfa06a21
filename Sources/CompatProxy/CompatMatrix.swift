package import AgoraStore

/// The reducers, their shapes and what each is on v5, as data.
package enum CompatMatrix {
  /// The cells of a reducer, in the order of its table.
  package static func cells(of reducer: Reducer) -> [MatrixCell] {
    MatrixCell.all.filter { $0.reducer.name == reducer.name }
  }

  /// The matrix as JSON.
  package static var json: JSON {
    let reducers = Reducer.all.map { reducer in
      JSON.object([
        .init("reducer", .string(reducer.name)), .init("v5", .string(reducer.replacement)),
        .init("shapes", .array(cells(of: reducer).map(\.json))),
      ])
    }
    return .object([.init("reducers", .array(reducers))])
  }
}
