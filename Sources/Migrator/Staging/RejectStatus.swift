/// What has become of rejected rows, as conditions over `rejects`.
///
/// `outstanding` waits for somebody; `retried` and `superseded` rows are in the store, or rejected anew,
/// as what they are by now; `dismissed` ones need nothing more and are still v4's; `gone` ones are v4's no
/// more, and deletions were applied.
enum RejectStatus {
  /// A reject that waits for somebody.
  static let waits = "status='outstanding'"
  /// A reject whose text is what v4 says, so that an export gives it back.
  static let stands = "status IN ('outstanding','dismissed')"
}
