import AgoraStore
import CompatProxy

/// SpacetimeDB's HTTP API for agents of v4: the routes of 1.x below `/v1`, and those of 0.6 to 0.8.
struct SpacetimeSurface: Surface {
  let parts: ServiceParts
  private let signer = TokenSigner()
  private let hub: SubscriptionHub
  private let leastPhase: SunsetPhase?

  /// Makes it of what surfaces are made of.
  ///
  /// - Throws: ``AgoraError`` `io` when the system has no pipe, `misuse` where the environment says of v4's
  ///   end what cannot be understood.
  init(_ parts: ServiceParts) throws(AgoraError) {
    self.parts = parts
    leastPhase = try SunsetEnvironment().phase
    hub = try SubscriptionHub(parts.marketplace, clock: parts.clock, atLeast: leastPhase)
  }

  func mount(on router: inout Router) {
    let routes = SpacetimeRouter(access: parts.access, signer: signer, clock: parts.clock)
    let calls = SpacetimeCalls(
      parts.marketplace, clock: parts.clock, atLeast: leastPhase)
    let identities = SpacetimeIdentities(signer: signer, clock: parts.clock)
    let sockets = SpacetimeSockets(hub: hub, calls: calls)
    let logs = SpacetimeLogs(parts.store)
    Self.mountCurrent(routes, calls, identities, sockets, on: &router)
    Self.mountOld(routes, calls, identities, sockets, on: &router)
    Self.mountLogs(routes, calls, logs, on: &router)
    for pattern in ["/v1/{rest...}", "/database/{rest...}", "/identity/{part}/{rest...}"] {
      let nothing: SpacetimeRouter.Handler = { _, _ throws(SpacetimeReply) in .text(404, "") }
      routes.add(
        pattern, to: &router,
        [.get: nothing, .post: nothing, .put: nothing, .patch: nothing, .delete: nothing])
    }
  }

  /// The routes of 1.x.
  private static func mountCurrent(
    _ routes: SpacetimeRouter, _ calls: SpacetimeCalls, _ identities: SpacetimeIdentities,
    _ sockets: SpacetimeSockets, on router: inout Router
  ) {
    let health = JSON.object([
      .init("package_name", .string("spacetimedb-client-api")), .init("version", .string("1.1.2")),
      .init("nodes", .array([.int(0)])), .init("schedulable", .bool(true)),
    ])
    routes.add("/v1/ping", to: &router, [.get: { _, _ in .text(200, "") }])
    routes.add("/v1/health", to: &router, [.get: { _, _ in .json(health) }])
    routes.add("/v1/identity", to: &router, [.post: { _, _ in identities.create() }])
    routes.add(
      "/v1/identity/websocket-token", to: &router,
      [.post: { _, visitor throws(SpacetimeReply) in try identities.shortToken(visitor) }])
    routes.add(
      "/v1/identity/public-key", to: &router, [.get: { _, _ in identities.publicKey() }])
    routes.add(
      "/v1/identity/{identity}/verify", to: &router,
      [.get: { routed, visitor throws(SpacetimeReply) in try identities.verify(routed, visitor) }])
    routes.add(
      "/v1/identity/{identity}/databases", to: &router,
      [.get: { routed, _ throws(SpacetimeReply) in try identities.databases(routed) }])
    let energy: SpacetimeRouter.Handler = { _, _ in .json(SpacetimeIdentities.balance) }
    routes.add(
      "/v1/energy/{identity}", to: &router, [.get: energy, .put: energy, .post: energy])

    let place = "/v1/database/{database}"
    let refusal: SpacetimeRouter.Handler = { _, _ throws(SpacetimeReply) in
      throw SpacetimeDatabase.unpublishable
    }
    func database(_ path: String, _ handlers: [HTTPMethod: SpacetimeRouter.Handler]) {
      routes.add(path, to: &router, showsIdentity: true, handlers)
    }
    database("/v1/database", [.post: refusal])
    database(
      place,
      [
        .get: { routed, _ throws(SpacetimeReply) in try SpacetimeDatabase(routed).description },
        .put: refusal, .delete: refusal,
      ])
    database(
      "\(place)/identity",
      [
        .get: { routed, _ throws(SpacetimeReply) in
          .text(200, try SpacetimeDatabase(routed).identity)
        }
      ])
    database(
      "\(place)/names",
      [
        .get: { routed, _ throws(SpacetimeReply) in try SpacetimeDatabase(routed).names },
        .post: { routed, _ throws(SpacetimeReply) in
          try SpacetimeDatabase(routed).refuseName(routed.request.body)
        },
        .put: { routed, _ throws(SpacetimeReply) in
          try SpacetimeDatabase(routed).refuseNames()
        },
      ])
    database(
      "\(place)/schema",
      [.get: { routed, _ throws(SpacetimeReply) in try SpacetimeDatabase(routed).schema(routed) }])
    database(
      "\(place)/sql",
      [
        .post: { routed, _ throws(SpacetimeReply) in
          try calls.ask(SpacetimeDatabase(routed), routed, .current)
        }
      ])
    database(
      "\(place)/call/{reducer}",
      [
        .post: { routed, visitor throws(SpacetimeReply) in
          try calls.call(SpacetimeDatabase(routed), routed, visitor)
        }
      ])
    database(
      "\(place)/subscribe",
      [
        .get: { routed, visitor throws(SpacetimeReply) in
          try sockets.open(SpacetimeDatabase(routed), routed, visitor)
        }
      ])
  }

  /// The routes of 0.6 to 0.8, which 1.0's candidates had too.
  private static func mountOld(
    _ routes: SpacetimeRouter, _ calls: SpacetimeCalls, _ identities: SpacetimeIdentities,
    _ sockets: SpacetimeSockets, on router: inout Router
  ) {
    func database(_ path: String, _ handlers: [HTTPMethod: SpacetimeRouter.Handler]) {
      routes.add("/database/\(path)", to: &router, showsIdentity: true, handlers)
    }
    database("ping", [.get: { _, _ in .text(200, "") }])
    database(
      "call/{database}/{reducer}",
      [
        .post: { routed, visitor throws(SpacetimeReply) in
          try calls.call(SpacetimeDatabase(old: routed), routed, visitor)
        }
      ])
    database(
      "sql/{database}",
      [
        .post: { routed, visitor throws(SpacetimeReply) in
          guard visitor.isGiven else { throw .text(401, "Invalid credentials.") }
          return try calls.ask(SpacetimeDatabase(old: routed), routed, .old)
        }
      ])
    database(
      "schema/{database}",
      [
        .get: { routed, _ throws(SpacetimeReply) in
          try SpacetimeDatabase(old: routed).entities(routed)
        }
      ])
    database(
      "schema/{database}/{kind}/{name}",
      [
        .get: { routed, _ throws(SpacetimeReply) in
          try SpacetimeDatabase(old: routed).entity(routed)
        }
      ])
    database("dns/{name}", [.get: { routed, _ in SpacetimeDatabase.resolve(routed) }])
    database(
      "reverse_dns/{database}",
      [.get: { routed, _ throws(SpacetimeReply) in try SpacetimeDatabase(old: routed).names }])
    database(
      "info/{database}",
      [
        .get: { routed, _ throws(SpacetimeReply) in
          try SpacetimeDatabase(old: routed).oldDescription
        }
      ])
    database(
      "publish",
      [.post: { _, _ throws(SpacetimeReply) in throw SpacetimeDatabase.unpublishable }])
    database(
      "subscribe/{database}",
      [
        .get: { routed, visitor throws(SpacetimeReply) in
          try sockets.open(SpacetimeDatabase(old: routed), routed, visitor)
        }
      ])
    routes.add(
      "/identity", to: &router,
      [
        .post: { _, _ in identities.create() },
        .get: { _, _ in .json(.object([.init("identities", .array([]))])) },
      ])
    routes.add("/identity/public-key", to: &router, [.get: { _, _ in identities.publicKey() }])
    routes.add(
      "/identity/websocket_token", to: &router,
      [.post: { _, visitor throws(SpacetimeReply) in try identities.shortToken(visitor) }])
    routes.add(
      "/identity/{identity}/verify", to: &router,
      [.get: { routed, visitor throws(SpacetimeReply) in try identities.verify(routed, visitor) }])
    routes.add(
      "/identity/{identity}/databases", to: &router,
      [.get: { routed, _ throws(SpacetimeReply) in try identities.addresses(routed) }])
  }

  /// The log, of both times; whoever asks is taken for the owner.
  private static func mountLogs(
    _ routes: SpacetimeRouter, _ calls: SpacetimeCalls, _ logs: SpacetimeLogs,
    on router: inout Router
  ) {
    let replacement = Replacement("agora.query.marketplace", [])
    routes.add(
      "/v1/database/{database}/logs", to: &router, showsIdentity: true,
      [
        .get: { routed, visitor throws(SpacetimeReply) in
          _ = try SpacetimeDatabase(routed)
          return try calls.reading(replacement, for: routed) { () throws(SpacetimeReply) in
            try logs.read(routed, as: calls.whileV4Lasts(visitor.standing, replacement))
          }
        }
      ])
    routes.add(
      "/database/logs/{database}", to: &router, showsIdentity: true,
      [
        .get: { routed, visitor throws(SpacetimeReply) in
          guard visitor.isGiven else { throw .text(401, "Invalid credentials") }
          _ = try SpacetimeDatabase(old: routed)
          return try calls.reading(replacement, for: routed) { () throws(SpacetimeReply) in
            try logs.read(routed, as: calls.whileV4Lasts(visitor.standing, replacement))
          }
        }
      ])
  }
}
