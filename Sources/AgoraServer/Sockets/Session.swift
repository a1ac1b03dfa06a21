import AgoraStore

/// One client's connection without its socket: bytes go in, bytes and work come out.
///
/// All of it runs on the server's own thread. At most one piece of work is out at a time, so answers keep
/// the order of their requests. Times are milliseconds on a clock that only goes forward.
final class Session {
  private enum Phase {
    case reading
    case handling
    case pieces(@Sendable () throws -> [UInt8]?)
    case stream(ClientStream)
    case webSocket(WebSocketPeer)
    case closing
  }

  let settings: SessionSettings
  private let client: String
  private let wake: @Sendable () -> Void
  private var parser: HTTPParser
  private var phase = Phase.reading
  private var answer: Answer?
  private var refusal: HTTPResponse?
  private var isBusy = false
  private var work: Work?
  private var hasInputEnded = false
  private var isDraining = false
  /// Since when the request that is awaited now has been awaited.
  private(set) var since: Int64
  private var isFirst = true
  private var headSince: Int64?
  private var bodySince: Int64?
  private var output = SendQueue()
  /// Whether the connection is to be cut without another byte.
  private(set) var isBroken = false

  /// - Parameter wake: asks, from any thread, for ``advance(_:)``.
  init(
    _ settings: SessionSettings, client: String, now: Int64, wake: @escaping @Sendable () -> Void
  ) {
    self.settings = settings
    self.client = client
    self.wake = wake
    parser = HTTPParser(limits: settings.limits)
    since = now
  }

  // MARK: What the socket asks

  /// Bytes that wait to be sent.
  var outputCount: Int { output.count }
  /// Bytes that are kept for this client.
  var heldBytes: Int {
    var count = output.heldCount + parser.heldCount + (answer?.request?.body.count ?? 0)
    switch phase {
    case .webSocket(let peer): count += peer.reader.heldCount + peer.stream.waitingBytes
    case .stream(let stream): count += stream.waitingBytes
    default: break
    }
    return count
  }
  /// Whether the client may be closed at once without harm: it has asked for nothing.
  var isIdle: Bool {
    guard case .reading = phase else { return false }
    return parser.isIdle && outputCount == 0
  }
  /// Whether all is said, and the connection is to be closed.
  var isOver: Bool {
    guard case .closing = phase else { return isBroken }
    return isBroken || outputCount == 0
  }
  /// Whether the client has closed its side.
  var isInputOver: Bool { hasInputEnded }

  /// Whether bytes of the client are wanted now.
  var wantsInput: Bool {
    guard !hasInputEnded, !isBroken else { return false }
    switch phase {
    case .reading: return !output.isFull
    case .handling, .pieces, .stream: return parser.pendingCount < settings.limits.pipelinedBytes
    case .webSocket(let peer):
      return peer.reader.pendingCount < settings.limits.pipelinedBytes
        && !output.isFull
    case .closing: return false
    }
  }

  /// When ``expire(_:)`` is to be called; nil when there is nothing to wait for.
  var deadline: Int64? {
    var earliest: Int64?
    func no(laterThan time: Int64) { earliest = min(earliest ?? time, time) }
    if let since = output.waitingSince { no(laterThan: since + settings.timeouts.write) }
    switch phase {
    case .reading:
      no(laterThan: settings.timeouts.ofReading(head: headSince, body: bodySince, since, isFirst))
    case .webSocket(let peer): no(laterThan: peer.deadline(settings.timeouts))
    default: break
    }
    return earliest
  }

  /// Lends the bytes that wait.
  func withOutput<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    output.withBytes(body)
  }

  /// Notes that bytes were taken.
  func sent(_ count: Int, _ now: Int64) {
    output.sent(count, now)
    if !output.isFull { advance(now) }
  }

  /// The work to be done now, once.
  func takeWork() -> Work? {
    defer { work = nil }
    return work
  }

  // MARK: What happens

  /// Takes in bytes of the client.
  func receive(_ bytes: Span<UInt8>, _ now: Int64) {
    if case .webSocket(let peer) = phase {
      peer.reader.feed(bytes)
      peer.heard(now)
    } else {
      parser.feed(bytes)
    }
    advance(now)
  }

  /// Notes that the client sends nothing more.
  func endInput(_ now: Int64) {
    hasInputEnded = true
    switch phase {
    // Who ends a stream's connection on its side is gone; nobody else would tell us.
    case .stream, .webSocket: abort(now)
    default: advance(now)
    }
  }

  /// Notes that the client is gone, or is to be let go.
  func abort(_ now: Int64) {
    guard !isBroken else { return }
    isBroken = true
    if case .stream(let stream) = phase { stream.close() }
    if case .webSocket(let peer) = phase { peer.stream.close() }
    if answer != nil { finishAnswer(now, isWhole: false) }
    phase = .closing
  }

  /// Has the connection end when what is being answered is answered.
  func drain(_ now: Int64) {
    isDraining = true
    switch phase {
    case .stream(let stream): stream.drain()
    case .webSocket(let peer): peer.close(.goingAway, "the server stops")
    case .reading where parser.isIdle: phase = .closing
    default: break
    }
    advance(now)
  }

  /// Gives up what is kept for this client, because the server has no room for it.
  ///
  /// What is being done is done and answered: its client would not know otherwise, and it is no more than
  /// was let in before.
  func giveWay(_ now: Int64) {
    switch phase {
    case .reading where wantsInput && !parser.isIdle:
      refuse(HTTPFault(503, "the server has no room for this request; come again"), now)
    case .stream, .webSocket: abort(now)
    default: break
    }
  }

  /// Refuses what is being read.
  private func refuse(_ fault: HTTPFault, _ now: Int64) {
    reply(to: nil, Problem(fault).response, now, staysOpen: false)
  }

  /// Acts when the deadline has passed.
  func expire(_ now: Int64) {
    guard let deadline, deadline <= now else { return }
    if let since = output.waitingSince, since + settings.timeouts.write <= now { return abort(now) }
    switch phase {
    case .reading where parser.isIdle: phase = .closing
    case .reading:
      refuse(HTTPFault(408, "the request did not come to its end in time"), now)
    case .webSocket(let peer):
      guard let ping = peer.expire(now, settings.timeouts) else { return abort(now) }
      output.append(now) { $0 += ping }
    default: break
    }
  }

  /// Takes the outcome of work.
  func finish(_ outcome: Outcome, _ now: Int64) {
    isBusy = false
    guard !isBroken else { return }
    switch outcome {
    case .response(let response): begin(response, now)
    case .piece(let piece?):
      guard case .pieces = phase, let framing = answer?.framing else { return }
      output.append(now) { HTTPSerializer.write(piece: piece, framing, to: &$0) }
    case .piece(nil): endBody(now)
    case .failed: abort(now)
    case .ran: break
    }
    advance(now)
  }

  /// Goes on as far as it can.
  func advance(_ now: Int64) {
    guard !isBroken, !isBusy else { return }
    switch phase {
    case .reading: read(now)
    case .pieces(let next):
      if !output.isFull { start(.piece(next)) }
    case .stream(let stream): pump(stream, now)
    case .webSocket(let peer): talk(peer, now)
    case .handling, .closing: break
    }
  }

  private func start(_ work: Work) {
    self.work = work
    isBusy = true
  }

  // MARK: Requests

  private func read(_ now: Int64) {
    do throws(HTTPFault) {
      while case .reading = phase, !isBusy, !output.isFull {
        guard let event = try parser.next() else { break }
        switch event {
        case .head(let head): try admit(head, now)
        case .request(let request): take(request, now)
        }
      }
    } catch { return reply(to: nil, response(to: error), now, staysOpen: false) }
    guard case .reading = phase, !isBusy else { return }
    if !parser.isIdle, headSince == nil { headSince = now }
    if hasInputEnded, !output.isFull {
      guard !parser.isIdle else { return phase = .closing }
      refuse(HTTPFault(400, "the request ends too early"), now)
    } else if isDraining, parser.isIdle {
      phase = .closing
    }
  }

  /// What is said of a request that cannot be read; a route may have its own words for too large a body.
  private func response(to fault: HTTPFault) -> HTTPResponse {
    guard fault.status.code == 413, let head = parser.failed,
      case .accept(_, let response?) = settings.handler.admit(head)
    else { return Problem(fault).response }
    return response
  }

  private func admit(_ head: HTTPRequest, _ now: Int64) throws(HTTPFault) {
    bodySince = now
    switch settings.handler.admit(head) {
    case .accept(let limit, _): try parser.limitBody(to: limit)
    case .refuse(let response):
      // The body is not read for nothing: the connection ends instead.
      if parser.isInBody {
        return reply(to: head, response, now, staysOpen: false)
      }
      refusal = response
    }
    if parser.isInBody, head.awaitsContinue, parser.pendingCount == 0 {
      output.append(now) { $0 += HTTPSerializer.goOn }
    }
  }

  private func take(_ request: HTTPRequest, _ now: Int64) {
    let started = headSince ?? bodySince ?? now
    (headSince, bodySince, since, isFirst) = (nil, nil, now, false)
    if let refusal {
      self.refusal = nil
      return reply(to: request, refusal, now, staysOpen: request.wantsToStay)
    }
    let id = settings.requestID()
    answer = Answer(
      id: id, request: request, started: started, staysOpen: request.wantsToStay,
      begin: output.appended)
    phase = .handling
    start(.request(request, RequestContext(id: id, client: client)))
  }

  /// Answers without having asked the handler.
  private func reply(
    to request: HTTPRequest?, _ response: HTTPResponse, _ now: Int64, staysOpen: Bool
  ) {
    answer = Answer(
      id: settings.requestID(), request: request, started: headSince ?? now, staysOpen: staysOpen,
      begin: output.appended)
    begin(response, now)
  }

  /// Sends an answer's head, and what there is of its body.
  private func begin(_ response: HTTPResponse, _ now: Int64) {
    guard var answer else { return }
    // Requests that came before the client closed its side are answered all the same.
    let mayFollow = !hasInputEnded || parser.pendingCount > 0
    answer.staysOpen = answer.staysOpen && !isDraining && mayFollow
    answer.status = response.status
    answer.route = response.route
    let context = HTTPSerializer.Context(
      minorVersion: answer.request?.minorVersion ?? 1, isHead: answer.request?.method == .head,
      staysOpen: answer.staysOpen, date: HTTPDate.text(seconds: settings.seconds()),
      requestID: answer.id)
    self.answer = answer
    var framing = HTTPSerializer.Framing.whole
    output.append(now) { framing = HTTPSerializer.write(response, context, to: &$0) }
    self.answer?.framing = framing
    if framing == .untilClose { self.answer?.staysOpen = false }
    switch response.body {
    case .webSocket(let acceptance) where response.status.code == 101:
      let stream = ClientStream(limit: settings.streamLimit, wake: wake)
      let peer = WebSocketPeer(stream, acceptance, limit: settings.messageLimit, now: now)
      peer.reader.feed(parser.takeRest().span)
      phase = .webSocket(peer)
      if isDraining { peer.close(.goingAway, "the server stops") }
      start(.run { [client = peer.client] in acceptance.opened(client) })
    case .pieces(let next) where framing != .whole: phase = .pieces(next)
    case .stream(let open) where framing != .whole:
      let stream = ClientStream(limit: settings.streamLimit, wake: wake)
      phase = .stream(stream)
      if isDraining { stream.drain() }
      start(.run { open(stream) })
    default: finishAnswer(now, isWhole: true)
    }
  }

  private func endBody(_ now: Int64) {
    let framing = answer?.framing ?? .whole
    output.append(now) { HTTPSerializer.end(framing, to: &$0) }
    finishAnswer(now, isWhole: true)
  }

  /// Tells of the answer, and reads on or closes.
  private func finishAnswer(_ now: Int64, isWhole: Bool) {
    guard let answer else { return }
    self.answer = nil
    let exchange = Exchange(
      id: answer.id, client: client, method: answer.request?.method,
      path: answer.request?.target.path, route: answer.route, status: answer.status,
      received: answer.request?.body.count ?? 0, sent: output.appended - answer.begin,
      milliseconds: now - answer.started, isWhole: isWhole)
    for observer in settings.observers { observer.answered(exchange) }
    (headSince, bodySince, since) = (nil, nil, now)
    phase = answer.staysOpen && isWhole ? .reading : .closing
  }

  // MARK: Streams

  private func pump(_ stream: ClientStream, _ now: Int64) {
    guard let framing = answer?.framing,
      case .ended = stream.pump(into: &output, framing, now)
    else { return }
    stream.close()
    endBody(now)
    advance(now)
  }

  private func talk(_ peer: WebSocketPeer, _ now: Int64) {
    switch peer.talk(into: &output, now) {
    case .waits: break
    case .work(let work): start(work)
    case .ended:
      answer?.staysOpen = false
      finishAnswer(now, isWhole: true)
      phase = .closing
      peer.stream.close()
    }
  }
}
