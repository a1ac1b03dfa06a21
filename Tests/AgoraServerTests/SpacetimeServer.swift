import AgoraStore
import CompatProxy
import TestSupport
import Testing

@testable import AgoraServer

/// What the tests of SpacetimeDB's API share.
enum SpacetimeServer {
  static let place = "/v1/database/agora-marketplace"
  static let identity = LegacyDatabase.identity(of: "agora-marketplace")

  /// Works with a server in process.
  static func serving(
    client: String = "127.0.0.1", _ change: (inout ServiceOptions) -> Void = { _ in },
    _ body: (ServiceHarness) throws -> Void
  ) throws {
    try withTemporaryFolder { folder in
      try body(try ServiceHarness(in: folder, client: client, change))
    }
  }

  /// A token as 0.6 to 0.8 sent it.
  static func basic(_ token: String) -> (String, String) {
    ("Authorization", "Basic " + Base64Encoder.text(of: Array("token:\(token)".utf8).span))
  }
}
