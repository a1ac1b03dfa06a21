/// What kind of record a ``RecordID`` names.
public protocol RecordKind: Sendable {
  /// The kind.
  static var kind: IdentifierKind { get }
}

/// The id of a record of one kind in a call: the prefix, and 32 or the protocol's older 16 hex digits.
public struct RecordID<Kind: RecordKind>: ParameterValue, Hashable, CustomStringConvertible {
  /// The id as it is written.
  public let description: String

  /// Reads an id; nil when it is none of this kind.
  public init?(_ text: String) {
    guard Identifier(text)?.kind == Kind.kind else { return nil }
    description = text
  }

  /// An id.
  public static var valueType: ValueType { .identifier(Kind.kind) }
  /// A string.
  public var json: JSON { .string(description) }
  /// Reads an id.
  public init?(json: JSON) {
    guard case .string(let text) = json else { return nil }
    self.init(text)
  }
}

/// Messages.
public enum MessageKind: RecordKind {
  /// `msg_…`.
  public static var kind: IdentifierKind { .message }
}
/// Subscriptions.
public enum SubscriptionKind: RecordKind {
  /// `sub_…`.
  public static var kind: IdentifierKind { .subscription }
}
/// Tasks.
public enum TaskKind: RecordKind {
  /// `task_…`.
  public static var kind: IdentifierKind { .task }
}
/// Workflows.
public enum WorkflowKind: RecordKind {
  /// `wf_…`.
  public static var kind: IdentifierKind { .workflow }
}

/// A message's id.
public typealias MessageID = RecordID<MessageKind>
/// A subscription's id.
public typealias SubscriptionID = RecordID<SubscriptionKind>
/// A task's id.
public typealias TaskID = RecordID<TaskKind>
/// A workflow's id.
public typealias WorkflowID = RecordID<WorkflowKind>
