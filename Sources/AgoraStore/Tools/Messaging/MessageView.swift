/// A message as its receiver sees it.
public struct MessageView: ToolOutput {
  /// The message's id.
  public let id: String
  /// The sender's id; nil where v4 did not say.
  public let from: String?
  /// The sender's name.
  public let fromName: String?
  /// The receiver's id, or `broadcast`.
  public let to: String?
  /// What kind of message it is.
  public let type: String
  /// The text.
  public let content: String
  /// How urgent it is.
  public let priority: Priority
  /// When it was sent; nil where v4 did not say.
  public let timestamp: Timestamp?
  /// Whether it had been delivered; one that was read has been.
  public let isDelivered: Bool
  /// Whether this receiver has read it.
  public let isRead: Bool
  /// Anything else.
  public let metadata: JSON

  /// The fields.
  public static let shape = Shape<MessageView>(
    .field("message_id", "The message's id") { $0.id },
    .field("from_agent", "The sender's id") { $0.from },
    .field("from_name", "The sender's name") { $0.fromName },
    .field("to_agent", "The receiver's id, or \"broadcast\"") { $0.to },
    .field("message_type", "What kind of message it is") { $0.type },
    .field("content", "The message") { $0.content },
    .field("priority", "How urgent it is") { $0.priority },
    .field("timestamp", "When it was sent; null where v4 did not say") { $0.timestamp },
    .field("delivered", "Whether it has been delivered") { $0.isDelivered },
    .field("read", "Whether this agent has acknowledged it") { $0.isRead },
    .field("metadata", "Anything else") { $0.metadata })
}
