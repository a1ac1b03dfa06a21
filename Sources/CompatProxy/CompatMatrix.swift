package import AgoraStore

/// The reducers, their shapes and what each is on v5, as data.
package enum CompatMatrix {
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
              .init(
                "shapes",
                .array(
                  reducer.matrix.map {
                    .object([
                      .init("shape", .string($0.shape)),
                      .init("arguments", .string($0.arguments)),
                    ])
                  })),
            ])
          }))
    ])
  }
}
