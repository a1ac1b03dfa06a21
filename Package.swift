// swift-tools-version: 6.2
import PackageDescription

/// Every target is built with the same settings: Swift 6 language mode, the upcoming features that
/// make imports and existentials explicit, and no warning left standing.
let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

let package = Package(
  name: "agora",
  platforms: [.macOS("26.0")],
  products: [
    .executable(name: "agora", targets: ["agora"]),
    .executable(name: "spacetime", targets: ["spacetime"]),
    .library(name: "AgoraStore", targets: ["AgoraStore"]),
    .library(name: "Migrator", targets: ["Migrator"]),
  ],
  targets: [
    // No `pkgConfig:`, so that a static libsqlite3 can be linked where one is offered.
    .systemLibrary(
      name: "CSQLite", providers: [.apt(["libsqlite3-dev"]), .brew(["sqlite"])]),
    .target(name: "AgoraStore", dependencies: ["CSQLite"], swiftSettings: strict),
    .target(name: "Migrator", dependencies: ["AgoraStore"], swiftSettings: strict),
    .target(name: "CompatProxy", dependencies: ["AgoraStore"], swiftSettings: strict),
    .target(name: "Monitor", dependencies: ["AgoraStore"], swiftSettings: strict),
    .target(
      name: "AgoraServer", dependencies: ["AgoraStore", "CompatProxy", "Migrator", "Monitor"],
      swiftSettings: strict),
    .executableTarget(
      name: "agora",
      dependencies: ["AgoraStore", "AgoraServer", "CompatProxy", "Migrator", "Monitor"],
      resources: [.embedInCode("Demo/v4_export.json")], swiftSettings: strict),
    .executableTarget(
      name: "spacetime", dependencies: ["AgoraStore", "CompatProxy"], swiftSettings: strict),
    // No `import Testing` here: a plain target that has it fails the static build of all targets.
    .target(
      name: "TestSupport", dependencies: ["AgoraStore"], path: "Tests/TestSupport",
      swiftSettings: strict),
    // A program of the tests only: it works on a store until it is killed at a counted write.
    .executableTarget(
      name: "CrashSubject", dependencies: ["AgoraStore", "Migrator", "CSQLite"],
      path: "Tests/CrashSubject", swiftSettings: strict),
    // A program of the tests only: one of many that write to a store at once.
    .executableTarget(
      name: "CrowdSubject", dependencies: ["AgoraStore", "TestSupport"],
      path: "Tests/CrowdSubject", swiftSettings: strict),
    // A program of the tests only: a server that is stopped by a signal.
    .executableTarget(
      name: "ServerSubject", dependencies: ["AgoraStore", "AgoraServer"],
      path: "Tests/ServerSubject", swiftSettings: strict),
    // The README's program, which is run by a test; it sees what a program of another package sees.
    .executableTarget(
      name: "EmbeddingExample", dependencies: ["AgoraStore"], path: "Tests/EmbeddingExample",
      packageAccess: false, swiftSettings: strict),
    .testTarget(
      name: "AgoraStoreTests", dependencies: ["AgoraStore", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "MigratorTests", dependencies: ["AgoraStore", "Migrator", "Monitor", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "CompatProxyTests", dependencies: ["AgoraStore", "CompatProxy", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "MonitorTests", dependencies: ["AgoraStore", "Monitor", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "AgoraServerTests",
      dependencies: ["AgoraStore", "AgoraServer", "CompatProxy", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "AgoraStore", "Migrator", "TestSupport", "agora", "spacetime", "CrashSubject",
        "CrowdSubject", "EmbeddingExample", "ServerSubject",
      ],
      swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
