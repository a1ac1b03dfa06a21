/// Dates as HTTP writes them: `Sun, 06 Nov 1994 08:49:37 GMT` (IMF-fixdate, RFC 9110 §5.6.7).
public enum HTTPDate {
  private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// The text of whole seconds since 1970 UTC; years outside of 1970 to 9999 are taken to the nearer end.
  public static func text(seconds: Int64) -> String {
    let seconds = min(max(seconds, 0), Timestamp.writable.upperBound / 1_000_000)
    let day = seconds / 86400
    let (year, month, dayOfMonth) = Timestamp.civil(daysSince1970: day)
    return "\(days[Int(day % 7)]), \(two(dayOfMonth)) \(months[Int(month - 1)]) \(year) "
      + "\(two(seconds / 3600 % 24)):\(two(seconds / 60 % 60)):\(two(seconds % 60)) GMT"
  }

  private static func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
