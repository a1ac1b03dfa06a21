import AgoraServer
import AgoraStore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

// A program of the tests only: a server that says its port, and stops when it is told by a signal.
System.prepareProcess()
System.watchInterruption()
// A parent's thread may have handed its blocked signals down.
var signals = sigset_t()
sigemptyset(&signals)
for number in [SIGINT, SIGTERM] {
  sigaddset(&signals, number)
  signal(number) { _ in System.interrupt() }
}
sigprocmask(SIG_UNBLOCK, &signals, nil)

var router = Router()
router.add(.get, "/hello") { _ in .text("hello") }
router.add(.post, "/echo") { HTTPResponse(200, body: .bytes($0.request.body)) }
router.add(.get, "/pieces") { _ in
  .init(
    200,
    body: .stream { stream in
      for number in 0..<3 { stream.send(Array("piece \(number)\n".utf8)) }
      stream.finish()
    })
}
// Answers when the process has been told to stop.
router.add(.get, "/slow") { _ in
  while !System.isInterrupted { System.yield() }
  return .text("finished")
}
router.add(.get, "/ws/echo") { routed in
  let echo = WebSocketAcceptance { client, message in client.send(message) }
  return WebSocketHandshake.respond(to: routed.request, with: echo)
}
do {
  var configuration = ServerConfiguration()
  configuration.addresses = [SocketAddress(host: "127.0.0.1", port: 0)]
  configuration.stopsOnSignal = true
  let server = try HTTPServer(configuration, router)
  let words = Array("\(server.addresses[0].port)\n".utf8)
  try File(descriptor: 1, path: "-", closes: false).write(words.span)
  try server.run()
} catch {
  try? File(descriptor: 2, path: "-", closes: false).write(Array("\(error)\n".utf8).span)
  exit(1)
}
