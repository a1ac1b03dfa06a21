import AgoraStore
import CompatProxy

/// What has to be true before v4 is switched off.
enum Readiness {
  /// The monitor says it; while there is none, nobody knows that it is safe.
  static let gate: ReadinessGate = { _, _ in
    [
      ClosedGate(
        "monitor", "agora monitor is not built yet, so nobody can tell that it is safe",
        remedy: nil)
    ]
  }
}
