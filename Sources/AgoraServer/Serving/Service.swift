public import AgoraStore
import Synchronization

/// The whole server: a marketplace, its surfaces, and the sockets.
public final class Service: Sendable {
  /// What it is made of.
  public let parts: ServiceParts
  private let server: HTTPServer
  private let events: HTTPServer?
  private let hub: EventHub

  /// Begins to listen; clients wait until ``run()`` is called.
  ///
  /// - Parameter change: sets up the sockets otherwise, for tests.
  /// - Throws: ``AgoraError`` `refused` where it would listen beyond this machine without a token, and as
  ///   ``HTTPServer/init(_:_:)`` does.
  public init(
    _ parts: ServiceParts, _ change: (inout ServerConfiguration) -> Void = { _ in }
  ) throws {
    self.parts = parts
    let options = parts.options
    try Self.checkOpenness(parts)
    var configuration = ServerConfiguration()
    configuration.addresses = [options.address]
    configuration.observers = [parts.metrics, AccessLog(parts.log)]
    if options.echoes { configuration.messageBytes = EchoSurface.messageBytes }
    change(&configuration)
    var router = Router()
    hub = try EventHub(parts.marketplace)
    for surface in try Self.surfaces(parts, hub) { surface.mount(on: &router) }
    server = try HTTPServer(configuration, router)
    if let port = options.eventsPort {
      configuration.addresses = [SocketAddress(host: options.address.host, port: port)]
      var router = Router()
      for surface in Self.eventSurfaces(parts, hub) { surface.mount(on: &router) }
      events = try HTTPServer(configuration, router)
    } else {
      events = nil
    }
  }

  // MARK: The assembly

  /// All parts of the server; a surface is entered here, and nowhere else.
  static func surfaces(_ parts: ServiceParts, _ hub: EventHub) throws(AgoraError) -> [any Surface] {
    var surfaces: [any Surface] = [
      RESTSurface(parts), OperationsSurface(parts), OpenAPISurface(parts),
      try MCPEndpoint(parts, hub), EventSurface(hub, parts.tools, parts.access),
      try SpacetimeSurface(parts),
      DashboardSurface(parts), GuideSurface(parts),
    ]
    if parts.options.echoes { surfaces.append(EchoSurface(parts.access)) }
    return surfaces
  }

  /// What the second port has.
  static func eventSurfaces(_ parts: ServiceParts, _ hub: EventHub) -> [any Surface] {
    [EventSurface(hub, parts.tools, parts.access, hasStream: false)]
  }

  private static func checkOpenness(_ parts: ServiceParts) throws {
    let options = parts.options
    guard !options.address.isLoopback else { return }
    if try TokenRegister(parts.store).hasUsable(at: parts.clock.now()) { return }
    guard !options.isInsecure else {
      parts.log.note(
        .warning,
        "INSECURE: whoever reaches this address can act as any agent, for there is no token",
        [.init("address", .string(options.address.description))])
      return
    }
    try refuseOpenness(options)
  }

  /// Refuses options with which other machines would reach a store that has no token.
  ///
  /// - Throws: ``AgoraError`` `refused`; never where only this machine is served, or `isInsecure` is said.
  public static func refuseOpenness(_ options: ServiceOptions) throws(AgoraError) {
    guard !options.address.isLoopback, !options.isInsecure else { return }
    throw AgoraError(
      .refused, "\(options.address.host) is reached by other machines, and there is no token",
      remedy:
        "Make one with agora token create --agent NAME; listen on 127.0.0.1; or say --insecure.")
  }

  // MARK: Running

  /// Where it listens, with the port that the system chose.
  public var address: SocketAddress { server.addresses.first ?? parts.options.address }
  /// Where it listens for events alone; nil where it does not.
  public var eventsAddress: SocketAddress? { events?.addresses.first }

  /// Serves until it is stopped and the last client is gone.
  ///
  /// - Throws: ``AgoraError`` `io` when the system refuses what no server can do without.
  public func run() throws(AgoraError) {
    defer { hub.stop() }
    guard let events else { return try server.run() }
    let other = Mutex<AgoraError?>(nil)
    let done = Atomic<Bool>(false)
    let outcome = EventsRun(error: other, done: done)
    do throws(SystemError) {
      try SystemThread.start { [server] in
        do throws(AgoraError) { try events.run() } catch {
          outcome.error.withLock { $0 = error }
          server.stop()
        }
        outcome.done.store(true, ordering: .releasing)
      }
    } catch { throw AgoraError(.io, error.description) }
    defer { events.stop() }
    try server.run()
    events.stop()
    while !outcome.done.load(ordering: .acquiring) { System.pause(milliseconds: 2) }
    if let error = outcome.error.withLock({ $0 }) { throw error }
  }

  /// How the second port's thread ended.
  private final class EventsRun: Sendable {
    let error: Mutex<AgoraError?>
    let done: Atomic<Bool>

    init(error: consuming Mutex<AgoraError?>, done: consuming Atomic<Bool>) {
      self.error = error
      self.done = done
    }
  }

  /// Has the server take no more clients, finish what runs, and close; may be called on any thread.
  public func stop() {
    server.stop()
    events?.stop()
  }
}
