import AgoraStore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// One export as bytes: a file or standard input, unpacked when it is gzip, without what people's
/// shells put before the first byte of JSON.
final class ExportInput {
  /// The path as it was given; `-` is standard input.
  let path: String
  /// The text, from the first byte that belongs to the export.
  let window: ByteWindow
  /// How many bytes the file has on the disk; nil for a pipe.
  let size: Int?
  /// The file as it was found, to notice when it changes meanwhile; nil for a pipe.
  let status: File.Status?
  /// Whether the bytes are unpacked on the way; then offsets are those of the unpacked text.
  let isCompressed: Bool
  private let file: File
  private let unpacker: ChildProcess?
  private let counter: Counter

  /// Counts the bytes that were read where the file's own position does not tell.
  private final class Counter { var bytes = 0 }

  /// Whether the input can be opened and read once more.
  var canReopen: Bool { path != "-" && status != nil }

  /// Opens an input and looks at its first bytes.
  ///
  /// - Throws: ``AgoraError`` `no_such_file`, `is_folder`, `permission_denied`, `empty_input`,
  ///   `bad_encoding`, `bad_gzip`.
  init(_ path: String) throws {
    self.path = path
    do {
      file =
        path == "-" ? File(descriptor: 0, path: "-", closes: false) : try File.reading(path)
      let status = try file.status()
      guard !status.isFolder else {
        throw AgoraError(
          .isFolder, "this is a folder", file: path, remedy: "Name the export files in it.")
      }
      self.status = status.isRegular ? status : nil
      size = status.isRegular ? status.size : nil
      var head: [UInt8] = []
      while head.count < 2 {
        if !status.isRegular { try System.waitUntilReadable(file.descriptor) }
        if try file.read(upTo: 65536, appendingTo: &head) == 0 { break }
      }
      isCompressed = head.starts(with: [0x1f, 0x8b])
      let counter = Counter()
      self.counter = counter
      if isCompressed {
        unpacker = try Self.unpack(file, head: head)
        head = []
      } else {
        unpacker = nil
        counter.bytes = head.count
      }
      let reading = unpacker?.output ?? file
      var pending = head
      // A file is always readable; a pipe may never be.
      let waits = !status.isRegular || isCompressed
      window = ByteWindow { buffer, count in
        if !pending.isEmpty {
          buffer.append(contentsOf: pending)
          defer { pending = [] }
          return pending.count
        }
        do throws(SystemError) {
          if waits { try System.waitUntilReadable(reading.descriptor) }
          let got = try reading.read(upTo: count, appendingTo: &buffer)
          counter.bytes += got
          return got
        } catch { throw AgoraError(error, file: path) }
      }
    } catch let error as SystemError {
      throw AgoraError(error, file: path)
    }
    try skipPreamble()
  }

  /// `gzip -dc` with the file as its input; for a pipe, whose first bytes are read already, a thread
  /// passes them and the rest on.
  private static func unpack(_ file: File, head: [UInt8]) throws -> ChildProcess {
    do throws(SystemError) {
      if file.position != nil {
        try file.seek(to: 0)
        return try ChildProcess("gzip", ["-dc"], input: file.descriptor)
      }
      let pipe = try Pump.start(from: file, head: head)
      return try ChildProcess("gzip", ["-dc"], input: pipe.descriptor)
    } catch {
      guard error.isMissing else { throw error }
      throw AgoraError(
        .badGzip, "the export is compressed and there is no gzip on the PATH", file: file.path,
        remedy: "Install gzip, or unpack the file first.")
    }
  }

  /// Bytes of the file on the disk that were read so far.
  var bytesRead: Int {
    // The unpacker shares our descriptor, and with it the position in the file.
    if isCompressed { return file.position ?? 0 }
    return counter.bytes
  }

  /// Takes a byte-order mark and `spacetime`'s warnings off the front.
  private func skipPreamble() throws {
    try window.require(4096)
    let (wide, mark) = window.withBytes { bytes -> (String?, Int) in
      let first = (0..<4).map { $0 < bytes.count ? bytes[$0] : 0x20 }
      return (Self.wideEncoding(first), first.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0)
    }
    if let wide {
      throw AgoraError(
        .badEncoding, "the file is \(wide)", file: path, offset: 0,
        remedy: "Convert it: iconv -f \(wide) -t UTF-8 \(path) > export.json")
    }
    window.drop(mark)
    while try startsWithWarning() {
      while let byte = try window.peek() {
        window.drop(1)
        if byte == 0x0a { break }
      }
    }
    guard try hasContent() else {
      try finish()
      throw AgoraError(
        .emptyInput, "the file is empty", file: path,
        remedy: "An export of an empty database is {}. Export again.")
    }
  }

  /// The encoding of a text that begins with these four bytes, by its mark or by where the zeros of its
  /// ASCII are (RFC 4627 §3); nil where it may be UTF-8.
  private static func wideEncoding(_ first: [UInt8]) -> String? {
    if first == [0xff, 0xfe, 0, 0] || first == [0, 0, 0xfe, 0xff] { return "UTF-32" }
    if first.starts(with: [0xff, 0xfe]) || first.starts(with: [0xfe, 0xff]) { return "UTF-16" }
    return switch first.map({ $0 == 0 }) {
    case [true, true, true, false]: "UTF-32BE"
    case [false, true, true, true]: "UTF-32LE"
    case [true, false, true, false]: "UTF-16BE"
    case [false, true, false, true]: "UTF-16LE"
    default: nil
    }
  }

  private func startsWithWarning() throws -> Bool {
    try window.require(64)
    let prefix = Array("WARNING: This command is UNSTABLE".utf8)
    return window.withBytes { bytes in
      guard bytes.count - window.start >= prefix.count else { return false }
      for index in prefix.indices where bytes[window.start + index] != prefix[index] {
        return false
      }
      return true
    }
  }

  /// Whether anything but white space follows; blank lines at the front are taken.
  private func hasContent() throws -> Bool {
    // Blank lines go, but not the spaces of the line that has something: it may be the head of a table
    // drawn with characters.
    while true {
      let (dropped, found) = window.withBytes { bytes -> (Int, Bool) in
        var at = window.start
        var lineStart = at
        while at < bytes.count {
          switch bytes[at] {
          case 0x0a: lineStart = at + 1
          case 0x20, 0x09, 0x0d: break
          default: return (lineStart - window.start, true)
          }
          at += 1
        }
        // A line of nothing but space that fills the window is dropped like a blank one.
        return (at - window.start, false)
      }
      window.drop(dropped)
      if found { return true }
      if try !window.fill() { return false }
    }
  }

  /// Reads what is left, so that the unpacker can say whether the file is damaged: its word counts
  /// before that of whoever found the text odd.
  func drain() throws {
    guard isCompressed else { return }
    while try window.fill() { window.drop(window.available) }
    try finish()
  }

  /// Ends the reading: looks whether the unpacker was content and the file is still the one that was
  /// opened.
  func finish() throws {
    if let unpacker {
      let status: Int32
      do throws(SystemError) { status = try unpacker.wait() } catch {
        throw AgoraError(error, file: path)
      }
      // gzip says 2 for a mere warning, such as bytes after the end.
      guard status == 0 || status == 2 else {
        throw AgoraError(
          .badGzip, "gzip could not unpack the file (exit \(status))", file: path,
          remedy: "The file is damaged or cut off. Export again.")
      }
    }
    try checkUnchanged()
  }

  /// Looks whether the file is still the one that was opened.
  func checkUnchanged() throws {
    guard let status, path != "-" else { return }
    let now = try? File.status(path)
    guard now?.size == status.size, now?.modified == status.modified else {
      throw AgoraError(
        .inputChanged, "the file changed while it was being read", file: path,
        remedy: "Wait until the export is finished and run the same command again.")
    }
  }
}

/// Passes bytes from a pipe, some of which were read already, into another one.
private enum Pump {
  /// Starts the thread and gives the end that it writes into.
  static func start(from: File, head: [UInt8]) throws(SystemError) -> File {
    let (reading, writing) = try System.makePipe()
    try SystemThread.start {
      // Ends quietly when nobody reads any more: the reader has its own error to report.
      var bytes = head
      while (try? writing.write(bytes.span)) != nil {
        bytes.removeAll(keepingCapacity: true)
        guard let got = try? from.read(upTo: 65536, appendingTo: &bytes), got > 0 else { return }
      }
    }
    return reading
  }
}
