import AgoraStore

/// A revision of the Model Context Protocol.
///
/// Up to 2025-11-25 a handshake opens a session ("legacy"); from 2026-07-28 on every request says itself
/// what it speaks ("modern").
package enum MCPVersion: String, Sendable, CaseIterable {
  case july2026 = "2026-07-28"
  case november2025 = "2025-11-25"
  case june2025 = "2025-06-18"
  case march2025 = "2025-03-26"
  case november2024 = "2024-11-05"

  /// Whether each request stands for itself.
  var isModern: Bool { self == .july2026 }

  /// What a client gets that asks for a revision of the handshake which nobody knows.
  static let newestLegacy = MCPVersion.november2025

  /// All that is spoken, the newest first.
  static let names = JSON.array(allCases.map { .string($0.rawValue) })
}
