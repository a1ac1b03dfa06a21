import AgoraStore

/// A path with places for what varies: `/agents/{id}/status`.
///
/// `{name}` stands for one part that is not empty, `{name...}` at the end for all parts that follow.
public struct RoutePattern: Sendable, Hashable, CustomStringConvertible {
  private enum Part: Sendable, Hashable {
    case literal(String)
    case one(String)
    case rest(String)
  }

  /// The pattern as it was written.
  public let description: String
  private let parts: [Part]

  /// Reads a pattern.
  public init(_ text: String) {
    description = text
    parts = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map { part in
      guard part.hasPrefix("{"), part.hasSuffix("}") else { return .literal(String(part)) }
      let name = part.dropFirst().dropLast()
      return name.hasSuffix("...") ? .rest(String(name.dropLast(3))) : .one(String(name))
    }
  }

  /// What stands in a path's places; nil when the path is none of this pattern.
  func match(_ segments: [String]) -> [String: String]? {
    var values: [String: String] = [:]
    for (index, part) in parts.enumerated() {
      if case .rest(let name) = part {
        values[name] = segments.dropFirst(index).joined(separator: "/")
        return values
      }
      guard index < segments.count else { return nil }
      switch part {
      case .literal(let text): guard text == segments[index] else { return nil }
      case .one(let name):
        guard !segments[index].isEmpty else { return nil }
        values[name] = segments[index]
      case .rest: break
      }
    }
    return parts.count == segments.count ? values : nil
  }

  /// Whether this pattern is asked before another: what is written out comes before what varies.
  func isMoreExact(than other: RoutePattern) -> Bool {
    for (mine, theirs) in zip(parts, other.parts) {
      let (left, right) = (Self.rank(mine), Self.rank(theirs))
      if left != right { return left < right }
    }
    return parts.count > other.parts.count
  }

  private static func rank(_ part: Part) -> Int {
    switch part {
    case .literal: 0
    case .one: 1
    case .rest: 2
    }
  }
}

/// A request that has found its route.
public struct RoutedRequest: Sendable {
  /// The request.
  public let request: HTTPRequest
  /// What comes with it.
  public let context: RequestContext
  /// What stands in the pattern's places, decoded.
  public let places: [String: String]
}

/// Paths and methods, and what answers them.
///
/// Any error that a handler throws becomes a problem document; ``ToolFailure`` keeps its code.
public struct Router: RequestHandler {
  /// What answers a request; it may wait.
  public typealias Handler = @Sendable (RoutedRequest) throws -> HTTPResponse
  /// What answers a request on the server's own thread; it must not wait for anything.
  public typealias ImmediateHandler = @Sendable () -> HTTPResponse

  private struct Route: Sendable {
    let pattern: RoutePattern
    var handlers: [HTTPMethod: Handler] = [:]
    var bodyLimits: [HTTPMethod: Int] = [:]
    var tooLarge: [HTTPMethod: HTTPResponse] = [:]
    var immediate: [HTTPMethod: ImmediateHandler] = [:]

    /// The methods that are answered, for `Allow`.
    var allowed: String {
      HTTPMethod.allCases.filter { method in
        method == .options || handlers[method] != nil || method == .head && handlers[.get] != nil
      }.map(\.rawValue).joined(separator: ", ")
    }
  }

  private var routes: [Route] = []

  /// Makes a router without routes.
  public init() {}

  /// Lets a handler answer a method of a pattern; the same again replaces it.
  ///
  /// - Parameters:
  ///   - bodyLimit: bytes of the body; the server's own limit holds besides.
  ///   - tooLarge: what a longer one is answered with; nil for a problem document.
  public mutating func add(
    _ method: HTTPMethod, _ pattern: String, bodyLimit: Int = .max,
    tooLarge: HTTPResponse? = nil, _ handler: @escaping Handler
  ) {
    let pattern = RoutePattern(pattern)
    let place: Int
    if let index = routes.firstIndex(where: { $0.pattern == pattern }) {
      place = index
    } else {
      place = routes.firstIndex { pattern.isMoreExact(than: $0.pattern) } ?? routes.endIndex
      routes.insert(Route(pattern: pattern), at: place)
    }
    routes[place].handlers[method] = handler
    routes[place].bodyLimits[method] = bodyLimit
    routes[place].tooLarge[method] = tooLarge
  }

  /// Lets a handler answer at once, also when all threads for handlers wait for something.
  public mutating func addImmediate(
    _ method: HTTPMethod, _ pattern: String, _ handler: @escaping ImmediateHandler
  ) {
    add(method, pattern, bodyLimit: 0) { _ in handler() }
    guard let place = routes.firstIndex(where: { $0.pattern.description == pattern }) else {
      return
    }
    routes[place].immediate[method] = handler
  }

  private func route(_ target: RequestTarget) -> (Route, [String: String])? {
    for route in routes {
      if let places = route.pattern.match(target.segments) { return (route, places) }
    }
    return nil
  }

  /// Refuses what no route answers before a body is read.
  public func admit(_ head: HTTPRequest) -> Admission {
    guard head.target.path != "*" else { return .accept(bodyLimit: 0) }
    guard let (route, _) = route(head.target) else {
      return .refuse(
        Problem(404, ToolFailure.Code.notFound.rawValue, "there is no \(head.target.path)")
          .response)
    }
    guard head.method == .options || handler(of: route, for: head.method) != nil else {
      var response = Problem(
        405, "method_not_allowed", "\(head.method.rawValue) is none of \(route.allowed)"
      ).response
      response.headers.append("Allow", route.allowed)
      response.route = route.pattern.description
      return .refuse(response)
    }
    let method = head.method == .head ? HTTPMethod.get : head.method
    if let handler = route.immediate[method] {
      var response = handler()
      response.route = route.pattern.description
      return .refuse(response)
    }
    var tooLarge = route.tooLarge[head.method]
    tooLarge?.route = route.pattern.description
    return .accept(bodyLimit: route.bodyLimits[head.method] ?? .max, tooLarge: tooLarge)
  }

  /// HEAD is answered as GET is; its body is left out when the answer is written.
  private func handler(of route: Route, for method: HTTPMethod) -> Handler? {
    route.handlers[method] ?? (method == .head ? route.handlers[.get] : nil)
  }

  /// Answers by the route's handler.
  public func respond(to request: HTTPRequest, _ context: RequestContext) -> HTTPResponse {
    if case .refuse(let response) = admit(request) { return response }
    guard let (route, places) = route(request.target) else {
      let all = HTTPMethod.allCases.map(\.rawValue).joined(separator: ", ")
      return HTTPResponse(204, [("Allow", all)])
    }
    guard let handler = handler(of: route, for: request.method) else {
      var response = HTTPResponse(204, [("Allow", route.allowed)])
      response.route = route.pattern.description
      return response
    }
    var response: HTTPResponse
    do {
      response = try handler(RoutedRequest(request: request, context: context, places: places))
    } catch let problem as Problem { response = problem.response } catch {
      response = Problem(ToolFailure(error)).response
    }
    response.route = route.pattern.description
    return response
  }
}
