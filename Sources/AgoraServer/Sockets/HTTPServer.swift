public import AgoraStore
import Synchronization

/// How a server is set up.
public struct ServerConfiguration: Sendable {
  /// Where it listens.
  public var addresses = [SocketAddress(host: "127.0.0.1", port: 8080)]
  /// How much a client may send.
  public var limits = HTTPLimits()
  /// How long it waits for its clients.
  public var timeouts = Timeouts()
  /// Clients at a time; more wait until one goes.
  public var connections = 2048
  /// Threads that run handlers.
  public var workers = 8
  /// Bytes that are kept for all clients together; requests beyond it are answered with 503.
  public var heldBytes = 128 << 20
  /// Bytes of one message of a WebSocket.
  public var messageBytes = 1 << 20
  /// Bytes that may wait in a stream or a WebSocket for its client.
  public var streamBytes = 256 << 10
  /// Milliseconds for answers to be finished when the server stops.
  public var grace: Int64 = 10_000
  /// The time that `Date` tells.
  public var clock = Clock.system
  /// Milliseconds on a clock that only goes forward, for time-outs.
  public var milliseconds: @Sendable () -> Int64 = { Int64(System.monotonicSeconds() * 1000) }
  /// The ids of requests.
  public var requestID: @Sendable () -> String = HTTPServer.randomID
  /// Who is told what happens.
  public var observers: [any ServerObserver] = []
  /// Whether the server stops when the process is to stop (``System/interrupt()``).
  public var stopsOnSignal = false

  /// The setting that is documented.
  public init() {}
}

/// The server: one thread that waits for all sockets, and a fixed number that run handlers.
public final class HTTPServer: Sendable {
  /// What other threads tell the server's own.
  enum Note: Sendable {
    case finished(Int, Session.Outcome)
    case advance(Int)
    case stop
    case look
  }

  /// Where the server listens, with the ports that the system chose.
  public let addresses: [SocketAddress]
  private let listeners: Mutex<[Socket]>
  let configuration: ServerConfiguration
  let handler: any RequestHandler
  let bell: Doorbell
  private let notes = Mutex<[Note]>([])

  /// Begins to listen; clients wait until ``run()`` is called.
  ///
  /// - Throws: ``AgoraError`` `misuse`, `address_in_use` or `io`.
  public init(_ configuration: ServerConfiguration, _ handler: any RequestHandler)
    throws(AgoraError)
  {
    self.configuration = configuration
    self.handler = handler
    var listeners: [Socket] = []
    for address in configuration.addresses { listeners.append(try Socket.listening(on: address)) }
    self.listeners = Mutex(listeners)
    do throws(SystemError) {
      var addresses: [SocketAddress] = []
      for listener in listeners { addresses.append(try listener.address()) }
      self.addresses = addresses
      bell = try Doorbell()
    } catch { throw AgoraError(.io, error.description) }
  }

  /// Serves until the server has been stopped and its last client is gone.
  ///
  /// - Throws: ``AgoraError`` `io` when the system refuses what no server can do without.
  public func run() throws(AgoraError) {
    do throws(SystemError) {
      let pool = try WorkerPool(threads: configuration.workers)
      defer { pool.end() }
      try EventLoop(self, pool).run()
    } catch { throw AgoraError(.io, error.description) }
  }

  /// Has the server take no more clients, finish what runs, and close; may be called on any thread.
  public func stop() { post(.stop) }

  /// Has the server look at its clock; for clocks that do not go by themselves.
  public func look() { post(.look) }

  func post(_ note: Note) {
    notes.withLock { $0.append(note) }
    bell.ring()
  }

  /// Hands the listening sockets over, which are closed when who takes them lets them go.
  func takeListeners() -> [Socket] {
    listeners.withLock { listeners in
      defer { listeners = [] }
      return listeners
    }
  }

  func takeNotes() -> [Note] {
    notes.withLock { notes in
      defer { notes = [] }
      return notes
    }
  }

  /// 16 random hex digits.
  @Sendable public static func randomID() -> String {
    let digits = String(UInt64.random(in: 0...UInt64.max), radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
