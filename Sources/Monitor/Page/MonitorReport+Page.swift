extension MonitorReport {
  /// The report as one page.
  public var page: String { "" }
}
