import AgoraStore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// An address to listen on or that a client has.
public struct SocketAddress: Sendable, Hashable, CustomStringConvertible {
  /// An IPv4 or IPv6 address in its usual text, without brackets.
  public let host: String
  /// The port; 0 lets the system choose one.
  public let port: Int

  /// Makes an address of its parts; `localhost` is 127.0.0.1.
  public init(host: String, port: Int) {
    self.host = host == "localhost" ? "127.0.0.1" : host
    self.port = port
  }

  /// `host:port`, an IPv6 address in brackets.
  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// Whether nobody but this machine reaches it.
  public var isLoopback: Bool { host.hasPrefix("127.") || host == "::1" }
}

/// An open socket that never waits; closed when the last reference goes.
final class Socket: Sendable {
  #if os(Linux)
    private static let streamType = Int32(SOCK_STREAM.rawValue)
    private static let quiet = Int32(MSG_NOSIGNAL)
    private static let shutWriting = Int32(SHUT_WR)
    private static let tcp = Int32(IPPROTO_TCP)
    private static let ipv6 = Int32(IPPROTO_IPV6)
  #else
    private static let streamType = SOCK_STREAM
    private static let quiet: Int32 = 0
    private static let shutWriting = SHUT_WR
    private static let tcp = IPPROTO_TCP
    private static let ipv6 = IPPROTO_IPV6
  #endif

  let descriptor: Int32

  private init(_ descriptor: Int32) throws(SystemError) {
    self.descriptor = descriptor
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    #if canImport(Darwin)
      try set(SOL_SOCKET, SO_NOSIGPIPE, 1)
    #endif
  }

  deinit { close(descriptor) }

  private func set(_ level: Int32, _ option: Int32, _ value: Int32) throws(SystemError) {
    var value = value
    try System.call("set up a socket") {
      Int(setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size)))
    }
  }

  // MARK: Listening

  /// Listens on an address.
  ///
  /// - Throws: ``AgoraError`` `misuse` for what is no address, `address_in_use`, or what the system said.
  static func listening(on address: SocketAddress) throws(AgoraError) -> Socket {
    guard var storage = Self.storage(of: address) else {
      throw AgoraError(
        .misuse, "\(address.host) with port \(address.port) is no address to listen on",
        remedy: "Give an IPv4 or IPv6 address of this machine and a port from 0 to 65535.")
    }
    let family = Int32(storage.ss_family)
    do throws(SystemError) {
      let socket = try Socket(
        Int32(System.call("make a socket") { Int(socketOf(family, streamType)) }))
      try socket.set(SOL_SOCKET, SO_REUSEADDR, 1)
      // Else it would take the IPv4 port, too, or fail, as the system is set up.
      if family == AF_INET6 { try socket.set(ipv6, IPV6_V6ONLY, 1) }
      let size = length(family)
      try System.call("listen on \(address)") {
        withUnsafePointer(to: &storage) {
          $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            Int(bind(socket.descriptor, $0, size))
          }
        }
      }
      try System.call("listen on \(address)") { Int(listen(socket.descriptor, 1024)) }
      return socket
    } catch {
      guard error.number == EADDRINUSE else { throw AgoraError(.io, error.description) }
      throw AgoraError(
        .addressInUse, "something listens on \(address) already",
        remedy: "Stop it, or choose another port.")
    }
  }

  private static func socketOf(_ family: Int32, _ type: Int32) -> Int32 { socket(family, type, 0) }

  private static func length(_ family: Int32) -> socklen_t {
    socklen_t(
      family == AF_INET6 ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size)
  }

  private static func storage(of address: SocketAddress) -> sockaddr_storage? {
    guard let port = in_port_t(exactly: address.port) else { return nil }
    var storage = sockaddr_storage()
    let isKnown = withUnsafeMutablePointer(to: &storage) { memory -> Bool in
      let isIPv4 = memory.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { target in
        target.pointee.sin_family = sa_family_t(AF_INET)
        target.pointee.sin_port = port.bigEndian
        return inet_pton(AF_INET, address.host, &target.pointee.sin_addr) == 1
      }
      if isIPv4 { return true }
      return memory.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { target in
        target.pointee.sin6_family = sa_family_t(AF_INET6)
        target.pointee.sin6_port = port.bigEndian
        return inet_pton(AF_INET6, address.host, &target.pointee.sin6_addr) == 1
      }
    }
    return isKnown ? storage : nil
  }

  /// The address that a socket is bound to.
  func address() throws(SystemError) -> SocketAddress {
    var storage = sockaddr_storage()
    var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
    try System.call("ask a socket's address") {
      withUnsafeMutablePointer(to: &storage) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          Int(getsockname(descriptor, $0, &size))
        }
      }
    }
    return Self.address(of: &storage)
  }

  private static func address(of storage: inout sockaddr_storage) -> SocketAddress {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let isIPv6 = Int32(storage.ss_family) == AF_INET6
    let port = withUnsafeMutablePointer(to: &storage) { memory -> Int in
      if isIPv6 {
        return memory.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { source in
          inet_ntop(AF_INET6, &source.pointee.sin6_addr, &text, socklen_t(text.count))
          return Int(in_port_t(bigEndian: source.pointee.sin6_port))
        }
      }
      return memory.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { source in
        inet_ntop(AF_INET, &source.pointee.sin_addr, &text, socklen_t(text.count))
        return Int(in_port_t(bigEndian: source.pointee.sin_port))
      }
    }
    let host = String(
      decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return SocketAddress(host: host, port: port)
  }

  /// The next client that waits; nil when none does.
  func accept() throws(SystemError) -> (socket: Socket, client: SocketAddress)? {
    var storage = sockaddr_storage()
    var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
    do throws(SystemError) {
      let descriptor = try System.call("take a connection") {
        withUnsafeMutablePointer(to: &storage) {
          $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            Int(Self.systemAccept(self.descriptor, $0, &size))
          }
        }
      }
      let socket = try Socket(Int32(descriptor))
      try? socket.set(Self.tcp, TCP_NODELAY, 1)
      try? socket.set(SOL_SOCKET, SO_KEEPALIVE, 1)
      #if os(Linux)
        // A client that vanished without a word is noticed when it confirms nothing for a minute.
        try? socket.set(Self.tcp, TCP_USER_TIMEOUT, 60_000)
        // And when nothing is sent to it, such as to who follows a log in which nothing happens.
        try? socket.set(Self.tcp, TCP_KEEPIDLE, 60)
        try? socket.set(Self.tcp, TCP_KEEPINTVL, 15)
        try? socket.set(Self.tcp, TCP_KEEPCNT, 3)
      #elseif canImport(Darwin)
        try? socket.set(Self.tcp, TCP_KEEPALIVE, 60)
      #endif
      return (socket, Self.address(of: &storage))
    } catch {
      // One that was there and left before we came is no fault of ours.
      if error.wouldBlock || error.number == ECONNABORTED || error.isInterruption { return nil }
      throw error
    }
  }

  private static func systemAccept(
    _ descriptor: Int32, _ address: UnsafeMutablePointer<sockaddr>,
    _ size: UnsafeMutablePointer<socklen_t>
  ) -> Int32 {
    #if canImport(Glibc)
      return Glibc.accept(descriptor, address, size)
    #else
      return Darwin.accept(descriptor, address, size)
    #endif
  }

  // MARK: Bytes

  /// Reads what is there into `memory`; 0 at the end, nil when nothing is there now.
  func receive(into memory: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int? {
    do throws(SystemError) {
      return try System.call("read from a client") {
        recv(descriptor, memory.baseAddress, memory.count, 0)
      }
    } catch {
      if error.wouldBlock || error.isInterruption { return nil }
      throw error
    }
  }

  /// Sends as much as is taken now, which may be nothing.
  func send(_ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int {
    do throws(SystemError) {
      return try System.call("write to a client") {
        #if canImport(Glibc)
          Glibc.send(descriptor, bytes.baseAddress, bytes.count, Self.quiet)
        #else
          Darwin.send(descriptor, bytes.baseAddress, bytes.count, Self.quiet)
        #endif
      }
    } catch {
      if error.wouldBlock || error.isInterruption { return 0 }
      throw error
    }
  }

  /// Says that nothing more is sent.
  func endOutput() { _ = shutdown(descriptor, Self.shutWriting) }
}
