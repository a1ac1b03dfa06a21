#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A TCP connection to a server, each of whose steps has to be done in time.
package final class ClientSocket {
  #if os(Linux)
    private static let streamType = Int32(SOCK_STREAM.rawValue)
    private static let quiet = Int32(MSG_NOSIGNAL)
    private static let tcp = Int32(IPPROTO_TCP)
  #else
    private static let streamType = SOCK_STREAM
    private static let quiet: Int32 = 0
    private static let tcp = IPPROTO_TCP
  #endif

  private let descriptor: Int32

  /// Connects to a host by its name or address; several addresses are tried in their order.
  ///
  /// - Parameter deadline: on ``System/monotonicSeconds()``.
  /// - Throws: ``SystemError`` of the last address that was tried.
  package init(_ host: String, _ port: Int, until deadline: Double) throws(SystemError) {
    var hints = addrinfo()
    hints.ai_socktype = Self.streamType
    var found: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, String(port), &hints, &found)
    guard code == 0, let first = found else {
      throw SystemError(number: code == EAI_SYSTEM ? errno : ENOENT, doing: "find \(host)")
    }
    defer { freeaddrinfo(first) }
    var failure = SystemError(number: ECONNREFUSED, doing: "connect to \(host)")
    var next: UnsafeMutablePointer<addrinfo>? = first
    while let info = next?.pointee {
      do throws(SystemError) {
        descriptor = try Self.connect(info, to: "\(host):\(port)", until: deadline)
        return
      } catch { failure = error }
      next = info.ai_next
    }
    throw failure
  }

  deinit { close(descriptor) }

  private static func connect(
    _ info: addrinfo, to name: String, until deadline: Double
  ) throws(SystemError) -> Int32 {
    let descriptor = Int32(
      try System.call("make a socket") { Int(socket(info.ai_family, streamType, 0)) })
    do throws(SystemError) {
      _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
      _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
      var one: Int32 = 1
      setsockopt(descriptor, tcp, TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
      #if canImport(Darwin)
        setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &one, socklen_t(MemoryLayout<Int32>.size))
        let result = Darwin.connect(descriptor, info.ai_addr, info.ai_addrlen)
      #else
        let result = Glibc.connect(descriptor, info.ai_addr, info.ai_addrlen)
      #endif
      guard result != 0 else { return descriptor }
      guard errno == EINPROGRESS else {
        throw SystemError(number: errno, doing: "connect to \(name)")
      }
      try wait(descriptor, for: POLLOUT, until: deadline, "connect to \(name)")
      var number: Int32 = 0
      var size = socklen_t(MemoryLayout<Int32>.size)
      getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &size)
      guard number == 0 else { throw SystemError(number: number, doing: "connect to \(name)") }
      return descriptor
    } catch {
      close(descriptor)
      throw error
    }
  }

  private static func wait(
    _ descriptor: Int32, for events: Int32, until deadline: Double, _ doing: String
  ) throws(SystemError) {
    while true {
      let left = deadline - System.monotonicSeconds()
      guard left > 0 else { throw SystemError(number: ETIMEDOUT, doing: doing) }
      var waiting = pollfd(fd: descriptor, events: Int16(events), revents: 0)
      // A poll lasts a minute at most; the deadline may be years away.
      let milliseconds = Int32((min(left, 60) * 1000).rounded(.up))
      if try System.call(doing, { Int(poll(&waiting, 1, milliseconds)) }) > 0 { return }
    }
  }

  /// Sends all bytes.
  package func write(_ bytes: [UInt8], until deadline: Double) throws(SystemError) {
    var sent = 0
    while sent < bytes.count {
      do throws(SystemError) {
        sent += try System.call("write to the server") {
          bytes[sent...].withUnsafeBytes {
            #if canImport(Glibc)
              Glibc.send(descriptor, $0.baseAddress, $0.count, Self.quiet)
            #else
              Darwin.send(descriptor, $0.baseAddress, $0.count, Self.quiet)
            #endif
          }
        }
      } catch {
        guard error.wouldBlock else { throw error }
        try Self.wait(descriptor, for: POLLOUT, until: deadline, "write to the server")
      }
    }
  }

  /// Whether the failure is that something did not happen in time.
  package static func isTimeout(_ error: SystemError) -> Bool { error.number == ETIMEDOUT }

  /// Reads what is there, waiting for something; nothing at the end.
  package func read(until deadline: Double) throws(SystemError) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      do throws(SystemError) {
        let count = try System.call("read from the server") {
          buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
        }
        return Array(buffer.prefix(count))
      } catch {
        guard error.wouldBlock else { throw error }
        try Self.wait(descriptor, for: POLLIN, until: deadline, "read from the server")
      }
    }
  }
}
