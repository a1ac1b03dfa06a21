import AgoraStore
import Foundation

/// A client on a real socket that waits for what it reads, ten seconds at most.
package final class Client {
  private let descriptor: Int32
  package var received: [UInt8] = []

  package init(_ port: Int, receiveBuffer: Int32? = nil) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var time = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    if var receiveBuffer {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(4))
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw CancellationError() }
  }

  deinit { close(descriptor) }

  package func send(_ text: String) { send(Array(text.utf8)) }
  package func send(_ bytes: [UInt8]) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      sent += count
    }
  }

  package func endOutput() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Has the connection end without the usual words.
  package func reset() {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }

  /// Reads once; false at the end.
  @discardableResult
  package func read() -> Bool {
    var buffer = [UInt8](repeating: 0, count: 65536)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    if count > 0 { received += buffer.prefix(count) }
    return count > 0
  }

  /// Reads until the text has come, and takes all.
  package func take(until end: String) throws -> String {
    while !String(decoding: received, as: UTF8.self).contains(end) {
      guard read() else {
        throw AgoraError(.io, "ended with: \(String(decoding: received, as: UTF8.self))")
      }
    }
    defer { received = [] }
    return String(decoding: received, as: UTF8.self)
  }

  /// Reads to the end.
  package func takeAll() -> String {
    while read() {}
    defer { received = [] }
    return String(decoding: received, as: UTF8.self)
  }
}
