package import Foundation

/// A run of one of the project's programs, as a user would run it.
package struct Child {
  /// The exit status, or 128 and the signal's number.
  package let status: Int32
  package let output: String
  package let talk: String

  /// Runs a program that was built beside the tests, or one of the system by its whole path.
  ///
  /// - Parameters:
  ///   - input: what stands on its standard input.
  package static func run(
    _ program: String, _ arguments: [String], in folder: String? = nil, input: [UInt8] = [],
    environment: [String: String] = [:]
  ) throws -> Child {
    let process = Process()
    process.executableURL =
      program.hasPrefix("/")
      ? URL(fileURLWithPath: program) : products.appendingPathComponent(program)
    process.arguments = arguments
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let output = Pipe()
    let talk = Pipe()
    let feed = Pipe()
    process.standardOutput = output
    process.standardError = talk
    process.standardInput = feed
    try process.run()
    // The tests' inputs and outputs fit into a pipe's buffer, or come from files.
    try? feed.fileHandleForWriting.write(contentsOf: Data(input))
    try? feed.fileHandleForWriting.close()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let errors = talk.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let status =
      process.terminationReason == .uncaughtSignal
      ? 128 + process.terminationStatus : process.terminationStatus
    return Child(
      status: status, output: String(decoding: text, as: UTF8.self),
      talk: String(decoding: errors, as: UTF8.self))
  }

  /// Runs a program with a pipe on its standard input that stays open until a file appears; then the
  /// program gets a signal.
  ///
  /// - Parameters:
  ///   - input: what is in the pipe.
  ///   - sign: the file that shows how far the program is.
  package static func interrupt(
    _ program: String, _ arguments: [String], in folder: String, input: [UInt8], sign: String
  ) throws -> Child {
    let process = Process()
    process.executableURL = products.appendingPathComponent(program)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    let talk = Pipe()
    let feed = Pipe()
    process.standardOutput = FileHandle.nullDevice
    process.standardError = talk
    process.standardInput = feed
    try process.run()
    // As much as fits: the program may not take all of it.
    try feed.fileHandleForWriting.write(contentsOf: Data(input.prefix(32768)))
    let end = Date(timeIntervalSinceNow: 60)
    while !FileManager.default.fileExists(atPath: sign), process.isRunning, Date() < end {
      sched_yield()
    }
    process.interrupt()
    process.waitUntilExit()
    try? feed.fileHandleForWriting.close()
    let errors = talk.fileHandleForReading.readDataToEndOfFile()
    let status =
      process.terminationReason == .uncaughtSignal
      ? 1000 + process.terminationStatus : process.terminationStatus
    return Child(status: status, output: "", talk: String(decoding: errors, as: UTF8.self))
  }

  /// Runs a script in bash, for which the built programs are on the PATH.
  package static func bash(
    _ script: String, in folder: String? = nil, environment: [String: String] = [:]
  ) throws -> Child {
    let path = products.path + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
    return try run(
      "/usr/bin/env", ["bash", "-c", script], in: folder,
      environment: environment.merging(["PATH": path]) { $1 })
  }

  /// The folder of the built programs: the test bundle lies in it.
  package static let products: URL = {
    let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    var folder = bundle
    while folder.path != "/",
      !FileManager.default.isExecutableFile(atPath: folder.appendingPathComponent("agora").path)
    {
      folder.deleteLastPathComponent()
    }
    return folder
  }()
}
