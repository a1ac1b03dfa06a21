/// A setting as operators see it.
public struct SettingView: ToolOutput {
  /// The setting.
  public let setting: Setting
  /// The value that holds.
  public let value: Int
  /// When it was set; nil where it never was.
  public let updatedAt: Timestamp?
  /// Who set it; nil where nobody did.
  public let updatedBy: String?

  /// The fields.
  public static let shape = Shape<SettingView>(
    .field("key", "The key") { $0.setting.key },
    .field("value", "The value that holds") { $0.value },
    .field("default", "The value where nobody has set one") { $0.setting.usual },
    .field("minimum", "The least value") { $0.setting.range.lowerBound },
    .field("maximum", "The greatest value") { $0.setting.range.upperBound },
    .field("description", "What it says") { $0.setting.description },
    .field("updated_at", "When it was set; null where it never was") { $0.updatedAt },
    .field("updated_by", "Who set it; null where nobody did") { $0.updatedBy })

  private static let select = Query(
    "configuration.entry", "SELECT updated_at, updated_by FROM configuration WHERE key=?1")

  init(_ setting: Setting, in connection: Connection) throws {
    self.setting = setting
    value = try setting.value(in: connection)
    let entry = try connection.first(
      Self.select, .text(setting.key), map: { ($0.int64(0), $0.text(1)) })
    updatedAt = entry.map { Timestamp(microseconds: $0.0) }
    updatedBy = entry?.1
  }
}
