public import AgoraStore
import Synchronization

/// Counts the calls of tools by name and outcome.
public final class ToolFigures: Sendable {
  /// What calls are told apart by.
  public struct Label: Sendable, Hashable {
    /// The tool's canonical name; `-` for a name that no tool has.
    public let tool: String
    /// The door.
    public let origin: Caller.Origin
    /// `done`, or the code of the failure.
    public let outcome: String
  }

  private let counts = Mutex<[Label: Int]>([:])

  /// Makes figures of zero.
  public init() {}

  /// The figures now.
  public var figures: [Label: Int] { counts.withLock { $0 } }

  func note(_ tool: String?, _ origin: Caller.Origin, _ outcome: String) {
    let label = Label(tool: tool ?? "-", origin: origin, outcome: outcome)
    counts.withLock { $0[label, default: 0] += 1 }
  }
}

/// The one way from every surface to the tools, so that each call is counted.
public struct ToolDoor: Sendable {
  /// The marketplace behind it.
  public let marketplace: Marketplace
  /// The calls that went through it.
  public let figures: ToolFigures

  /// Makes a door to a marketplace.
  public init(_ marketplace: Marketplace, figures: ToolFigures = ToolFigures()) {
    self.marketplace = marketplace
    self.figures = figures
  }

  /// Calls a tool by name, as ``Marketplace/call(_:_:as:)`` does.
  ///
  /// - Throws: ``ToolFailure``; then nothing has been changed.
  public func call(
    _ name: String, _ arguments: JSON, as caller: Caller
  ) throws(ToolFailure) -> ToolReply {
    do throws(ToolFailure) {
      let reply = try marketplace.call(name, arguments, as: caller)
      figures.note(reply.tool.name, caller.origin, "done")
      return reply
    } catch {
      let tool = try? marketplace.catalog.entry(name).tool
      figures.note(tool?.name, caller.origin, error.code.rawValue)
      throw error
    }
  }
}
