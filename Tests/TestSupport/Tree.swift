import AgoraStore
import Foundation

/// The names in a folder, sorted.
package func names(in folder: String) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
}

/// Removes a folder with all that is in it.
package func removeTree(_ folder: String) {
  try? FileManager.default.removeItem(atPath: folder)
}

/// Writes a small file.
package func write(_ text: String, to path: String) throws {
  try write(Array(text.utf8), to: path)
}

/// Writes a small file.
package func write(_ bytes: [UInt8], to path: String) throws {
  try File.writing(path).write(bytes.span)
}

/// Reads a small file.
package func contents(_ path: String) throws -> String {
  String(decoding: try File.contents(path, limit: 1 << 30), as: UTF8.self)
}
