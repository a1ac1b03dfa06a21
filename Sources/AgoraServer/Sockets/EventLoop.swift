import AgoraStore

/// The server's own thread: it waits for all sockets at once and moves bytes between them and their
/// sessions, never waiting for a single one.
final class EventLoop {
  /// One client.
  private final class Connection {
    let socket: Socket
    let session: Session
    var interest: Interest = [.reading]
    var held = 0
    /// Until when the client may read what was sent last; nil before.
    var lingersUntil: Int64?

    init(_ socket: Socket, _ session: Session) {
      self.socket = socket
      self.session = session
    }
  }

  // Listeners have the tokens -3 and below, clients 0 and above.
  private static let bellToken = -1
  private static let signalToken = -2

  private let server: HTTPServer
  private let pool: WorkerPool
  private let settings: SessionSettings
  private var listeners: [Socket]
  private var poller = Poller()
  private var connections: [Int: Connection] = [:]
  private var nextToken = 0
  private var held = 0
  private var isAccepting = false
  /// When accepting is tried again after the system had no more descriptors.
  private var acceptsAgain: Int64?
  private var drainsUntil: Int64?
  /// No deadline of any client is before this.
  private var nextSweep = Int64.max
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65536, alignment: 16)

  init(_ server: HTTPServer, _ pool: WorkerPool) {
    self.server = server
    self.pool = pool
    listeners = server.takeListeners()
    let configuration = server.configuration
    settings = SessionSettings(
      handler: server.handler, limits: configuration.limits, timeouts: configuration.timeouts,
      messageLimit: configuration.messageBytes, streamLimit: configuration.streamBytes,
      seconds: { configuration.clock.now().microseconds / 1_000_000 },
      requestID: configuration.requestID, observers: configuration.observers)
  }

  deinit { buffer.deallocate() }

  private func now() -> Int64 { server.configuration.milliseconds() }

  func run() throws(SystemError) {
    poller.add(server.bell.descriptor, token: Self.bellToken, [.reading])
    if server.configuration.stopsOnSignal, let signal = System.interruptionDescriptor {
      poller.add(signal, token: Self.signalToken, [.reading])
    }
    setAccepting(true)
    while drainsUntil == nil || !connections.isEmpty {
      for ready in try wait() {
        switch ready.token {
        case Self.bellToken: server.bell.rest()
        case Self.signalToken:
          // It stays readable: it is looked at once.
          poller.remove(token: Self.signalToken)
          drain()
        case ..<Self.signalToken where isAccepting: accept(listeners[-3 - ready.token])
        default: handle(ready)
        }
      }
      for note in server.takeNotes() { handle(note) }
      sweep()
    }
  }

  private func wait() throws(SystemError) -> [Readiness] {
    var until = min(nextSweep, drainsUntil ?? .max)
    if let acceptsAgain { until = min(until, acceptsAgain) }
    let time = until == .max ? nil : Int32(clamping: max(0, until - now()))
    do throws(SystemError) { return try poller.wait(time) } catch {
      // A signal that says to stop is seen by its descriptor.
      if error.isInterruption { return [] }
      throw error
    }
  }

  private func handle(_ note: HTTPServer.Note) {
    switch note {
    case .finished(let token, let outcome):
      guard let connection = connections[token] else { return }
      connection.session.finish(outcome, now())
      settle(token, connection)
    case .advance(let token):
      guard let connection = connections[token] else { return }
      connection.session.advance(now())
      settle(token, connection)
    case .stop: drain()
    case .look: break
    }
  }

  // MARK: Clients

  private func setAccepting(_ wanted: Bool) {
    guard wanted != isAccepting else { return }
    isAccepting = wanted
    for (index, listener) in listeners.enumerated() {
      if wanted {
        poller.add(listener.descriptor, token: -3 - index, [.reading])
      } else {
        poller.remove(token: -3 - index)
      }
    }
  }

  private func accept(_ listener: Socket) {
    // A crowd at the door must not keep those waiting who are in.
    for turn in 0..<64 {
      let isFull = connections.count >= server.configuration.connections
      // Whether yet another one waits is not known: nobody is sent away for nobody.
      guard !isFull || turn == 0 else { return }
      guard !isFull || makeRoom() else { return setAccepting(false) }
      do throws(SystemError) {
        guard let (socket, client) = try listener.accept() else { return }
        add(socket, client)
      } catch {
        // No more descriptors: those who wait stay in the system's queue.
        acceptsAgain = now() + 1000
        return setAccepting(false)
      }
    }
  }

  private func add(_ socket: Socket, _ client: SocketAddress) {
    let token = nextToken
    nextToken += 1
    let session = Session(settings, client: client.host, now: now()) { [server] in
      server.post(.advance(token))
    }
    let connection = Connection(socket, session)
    connections[token] = connection
    poller.add(socket.descriptor, token: token, connection.interest)
    for observer in settings.observers { observer.connected() }
    settle(token, connection)
  }

  /// Closes the client that has been idle for the longest time; false when none is idle.
  private func makeRoom() -> Bool {
    let idle = connections.filter { $0.value.session.isIdle }
    let oldest = idle.min {
      ($0.value.session.since, $0.key) < ($1.value.session.since, $1.key)
    }
    guard let oldest else { return false }
    close(oldest.key)
    return true
  }

  private func close(_ token: Int) {
    guard let connection = connections.removeValue(forKey: token) else { return }
    connection.session.abort(now())
    poller.remove(token: token)
    held -= connection.held
    for observer in settings.observers { observer.disconnected() }
    if drainsUntil == nil, connections.count < server.configuration.connections {
      setAccepting(true)
    }
  }

  private func handle(_ ready: Readiness) {
    guard let connection = connections[ready.token] else { return }
    if ready.canRead || ready.isGone {
      guard read(connection) || !ready.isGone else { return close(ready.token) }
    }
    settle(ready.token, connection)
  }

  /// Reads once; false when the connection has no more to give.
  private func read(_ connection: Connection) -> Bool {
    let isLingering = connection.lingersUntil != nil
    guard isLingering || connection.session.wantsInput else { return false }
    do throws(SystemError) {
      guard let count = try connection.socket.receive(into: buffer) else { return true }
      // What comes behind the last answer is taken, so that it does not reset the connection before
      // the client has read that answer, and thrown away.
      if isLingering {
        if count == 0 { connection.lingersUntil = .min }
      } else if count == 0 {
        connection.session.endInput(now())
      } else {
        let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
        connection.session.receive(bytes.bindMemory(to: UInt8.self).span, now())
      }
      return count > 0
    } catch {
      connection.session.abort(now())
      return false
    }
  }

  /// Gives out work, sends what can be sent, and closes what is over, after anything has happened.
  private func settle(_ token: Int, _ connection: Connection) {
    let session = connection.session
    flush(connection)
    if let work = session.takeWork() {
      pool.submit { [server] in
        server.post(.finished(token, work.perform(server.handler)))
      }
    }
    let bytes = session.heldBytes
    held += bytes - connection.held
    connection.held = bytes
    if held > server.configuration.heldBytes, bytes > 65536 {
      session.giveWay(now())
      flush(connection)
    }
    if session.isOver, connection.lingersUntil == nil {
      guard !session.isBroken, !session.isInputOver else { return close(token) }
      connection.socket.endOutput()
      connection.lingersUntil = now() + settings.timeouts.linger
    }
    if let until = connection.lingersUntil, until <= now() { return close(token) }
    var interest: Interest = []
    if session.wantsInput || connection.lingersUntil != nil { interest.insert(.reading) }
    if session.outputCount > 0 { interest.insert(.writing) }
    if interest != connection.interest {
      connection.interest = interest
      poller.change(token: token, interest)
    }
    // Somebody at the door can have the place of one who is idle.
    if !isAccepting, session.isIdle, drainsUntil == nil, acceptsAgain == nil { setAccepting(true) }
    if let deadline = connection.lingersUntil ?? session.deadline {
      nextSweep = min(nextSweep, deadline)
    }
  }

  private func flush(_ connection: Connection) {
    let session = connection.session
    // As many turns as are fair to the others; the rest goes when the socket is ready again.
    for _ in 0..<8 where session.outputCount > 0 && !session.isBroken {
      let sent: Result<Int, SystemError> = session.withOutput { bytes in
        do throws(SystemError) { return .success(try connection.socket.send(bytes)) } catch {
          return .failure(error)
        }
      }
      switch sent {
      case .success(0): return
      case .success(let count): session.sent(count, now())
      case .failure: session.abort(now())
      }
    }
  }

  // MARK: Time

  private func sweep() {
    let time = now()
    if let acceptsAgain, acceptsAgain <= time {
      self.acceptsAgain = nil
      if drainsUntil == nil { setAccepting(true) }
    }
    if let drainsUntil, drainsUntil <= time {
      for token in Array(connections.keys) { close(token) }
    }
    guard nextSweep <= time else { return }
    nextSweep = .max
    for (token, connection) in connections {
      if connection.lingersUntil == nil { connection.session.expire(time) }
      settle(token, connection)
    }
  }

  private func drain() {
    guard drainsUntil == nil else { return }
    drainsUntil = now() + server.configuration.grace
    setAccepting(false)
    // Closed at once: who comes now is refused by the system and does not wait in vain.
    listeners = []
    for (token, connection) in connections {
      connection.session.drain(now())
      settle(token, connection)
    }
  }
}
