import AgoraStore

/// What a client of `v1.json.spacetimedb` asks.
enum SpacetimeRequestFrame: Equatable {
  case callReducer(reducer: String, arguments: String, request: UInt32, isQuiet: Bool)
  /// Replaces all subscriptions that were made in this way.
  case subscribe(queries: [String], request: UInt32)
  case subscribeSingle(query: String, request: UInt32, id: UInt32)
  case subscribeMulti(queries: [String], request: UInt32, id: UInt32)
  case unsubscribe(request: UInt32, id: UInt32)
  case unsubscribeMulti(request: UInt32, id: UInt32)
  case oneOffQuery(message: String, query: String)

  /// Why a frame is none.
  struct Fault: Error, Equatable {
    let message: String
  }

  private static let names = [
    "CallReducer", "Subscribe", "SubscribeSingle", "SubscribeMulti", "Unsubscribe",
    "UnsubscribeMulti", "OneOffQuery",
  ]

  /// Reads a frame.
  ///
  /// - Throws: ``Fault`` in the manner of serde.
  init(_ text: String) throws(Fault) {
    let json: JSON
    do throws(JSONError) { json = try JSON.parse(text) } catch {
      throw Fault(message: "the message is no JSON: \(error)")
    }
    guard let members = json.members, members.count == 1, let member = members.first else {
      throw Fault(message: "expected an object with one member, the kind of message")
    }
    let fields = Fields(member.value)
    switch member.name {
    case "CallReducer":
      self = .callReducer(
        reducer: try fields.text("reducer"), arguments: try fields.text("args"),
        request: try fields.number("request_id"),
        isQuiet: try fields.number("flags", ofMost: 255) == 1)
    case "Subscribe":
      self = .subscribe(
        queries: try fields.texts("query_strings"), request: try fields.number("request_id"))
    case "SubscribeSingle":
      self = .subscribeSingle(
        query: try fields.text("query"), request: try fields.number("request_id"),
        id: try fields.queryID())
    case "SubscribeMulti":
      self = .subscribeMulti(
        queries: try fields.texts("query_strings"), request: try fields.number("request_id"),
        id: try fields.queryID())
    case "Unsubscribe":
      self = .unsubscribe(request: try fields.number("request_id"), id: try fields.queryID())
    case "UnsubscribeMulti":
      self = .unsubscribeMulti(request: try fields.number("request_id"), id: try fields.queryID())
    case "OneOffQuery":
      self = .oneOffQuery(
        message: try fields.hex("message_id"), query: try fields.text("query_string"))
    default:
      throw Fault(
        message:
          "unknown variant `\(member.name.prefix(40))`, expected one of \(Self.names.joined(separator: ", "))"
      )
    }
  }

  /// The fields of a frame, all of which have to be there.
  private struct Fields {
    let json: JSON

    init(_ json: JSON) { self.json = json }

    private func field(_ name: String) throws(Fault) -> JSON {
      guard let value = json[name] else { throw Fault(message: "missing field `\(name)`") }
      return value
    }

    func text(_ name: String) throws(Fault) -> String {
      guard let text = try field(name).text else {
        throw Fault(message: "invalid type for `\(name)`, expected a string")
      }
      return text
    }

    func texts(_ name: String) throws(Fault) -> [String] {
      let elements = try field(name).elements
      guard let elements, elements.allSatisfy({ $0.text != nil }) else {
        throw Fault(message: "invalid type for `\(name)`, expected a sequence of strings")
      }
      return elements.compactMap(\.text)
    }

    func number(_ name: String, ofMost most: UInt32 = .max) throws(Fault) -> UInt32 {
      guard case .number(let text) = try field(name), let number = UInt32(text), number <= most
      else { throw Fault(message: "invalid value for `\(name)`, expected 0 to \(most)") }
      return number
    }

    func queryID() throws(Fault) -> UInt32 { try Fields(field("query_id")).number("id") }

    func hex(_ name: String) throws(Fault) -> String {
      let text = try text(name)
      guard text.utf8.count % 2 == 0, text.utf8.count <= 1024,
        text.utf8.allSatisfy({ PercentCoding.hexValue($0) != nil })
      else { throw Fault(message: "invalid value for `\(name)`, expected hex digits") }
      return text
    }
  }
}
