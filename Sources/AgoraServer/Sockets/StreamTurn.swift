/// How far an answer without a known end got, with the room that its client's connection had.
enum StreamTurn {
  /// Nothing more can be done now: there is no room, or nothing waits.
  case waits
  /// A worker has to do something before it goes on.
  case work(Session.Work)
  /// All of it is on its way.
  case ended
}

extension ClientStream {
  /// Brings on its way what waits, as far as there is room.
  func pump(
    into output: inout SendQueue, _ framing: HTTPSerializer.Framing, _ now: Int64
  ) -> StreamTurn {
    while !output.isFull {
      let (piece, isEnd) = take()
      if let piece {
        output.append(now) { HTTPSerializer.write(piece: piece, framing, to: &$0) }
      }
      if isEnd { return .ended }
      if piece == nil { break }
    }
    return .waits
  }
}

extension WebSocketPeer {
  /// Brings on its way what waits, and takes up what the client has sent, as far as there is room.
  func talk(into output: inout SendQueue, _ now: Int64) -> StreamTurn {
    while !output.isFull {
      let (piece, isEnd) = stream.take()
      if let piece { output.append(now) { $0 += piece } }
      if isEnd {
        isClosing = true
        awaitClose(now)
      }
      if piece == nil { break }
    }
    // What a client sends is read only as fast as it takes what is sent to it.
    while !output.isFull {
      switch next() {
      case .nothing: return .waits
      case .send(let bytes): output.append(now) { $0 += bytes }
      case .deliver(let message):
        guard !isClosing else { continue }
        return .work(.run { [acceptance, client] in acceptance.received(client, message) })
      case .end(let bytes):
        if !isClosing { output.append(now) { $0 += bytes } }
        return .ended
      }
    }
    return .waits
  }
}
