import AgoraStore
import Testing

/// The reader against RFC 8259, in the spirit of the collected parsing tests that others run.
@Suite struct JSONTests {
  static let accepted = [
    "[]", "{}", " [ ] ", "\t\n\r[1]", "0", "-0", "-0.0", "1e5", "1E+5", "1e-5", "0e1",
    "123.456e789",
    "\"\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\uDbFf\\udFfF\"", "\"\\/\\\\\\\"\\b\\f\\n\\r\\t\"",
    "\"\u{7f}\"", "\"\u{2028}é🚀\"", "true", "false", "null", "[null,1,\"a\",{}]",
    "{\"a\":{\"b\":[[]]}}", "{\"a\":1,\"a\":2}", "{\"\":0}", "[1,[2,[3]]]",
    "123456789012345678901234567890", "1e400",
  ]
  static let refused = [
    "", " ", "[", "]", "{", "}", "[1,]", "[,1]", "[1 2]", "[1,,2]", "{\"a\"}", "{\"a\":}",
    "{\"a\":1,}",
    "{,}", "{1:2}", "{\"a\" 1}", "{'a':1}", "[1}", "{]", "01", "-", "-01", "+1", ".5", "1.", "1.e1",
    "1e",
    "1e+", "0x10", "NaN", "Infinity", "-Infinity", "tru", "True", "nul", "nulll", "truefalse", "\"",
    "\"a", "'a'", "\"\\x\"", "\"\\u12\"", "\"\\u12G4\"", "\"\\", "\"\n\"", "\"\t\"", "\"\u{0}\"",
    "[1] 2", "[] x", "{} {}", "[\"a\":1]", "1 2", "\u{feff}[]", "// c\n1", "[1/*c*/]", "\u{a0}1",
    "\u{b}1",
  ]

  @Test func `what the standard accepts is accepted, in pieces of any size`() {
    for text in Self.accepted { #expect(verdict(text) == nil, "\(text)") }
    for text in Self.accepted {
      for size in 1...4 { #expect(pieces(text, size), "\(text) by \(size)") }
    }
  }

  @Test func `what the standard refuses is refused, in pieces of any size`() {
    for text in Self.refused { #expect(verdict(text) != nil, "\(text)") }
    for text in Self.refused {
      for size in 1...4 { #expect(!pieces(text, size), "\(text) by \(size)") }
    }
  }

  @Test func `every cut of a document is refused and says where`() {
    let whole = #"{"a":[1.5e3,true,null,"x\u00e9\n"],"b":{"c":-0}}"#
    let bytes = Array(whole.utf8)
    for end in 0..<bytes.count {
      let cut = String(decoding: bytes[..<end], as: UTF8.self)
      let error = verdict(cut)
      #expect(error?.isTruncated == true && error?.offset == end, "\(cut)")
    }
  }

  @Test func `bytes that are not UTF-8 are refused where they stand`() {
    let bad: [([UInt8], Int)] = [
      ([0x80], 0), ([0xc0, 0xaf], 0), ([0xe0, 0x80, 0xaf], 0), ([0xed, 0xa0, 0x80], 0),
      ([0xf4, 0x90, 0x80, 0x80], 0), ([0xf8, 0x88], 0), ([0x61, 0xc3], 1), ([0xff], 0),
      ([0xe2, 0x82], 0), ([0xf0, 0x9f, 0x9a], 0), ([0xe2, 0x28, 0xa1], 0),
      ([0xf0, 0x9f, 0x41, 0x80], 0),
    ]
    for (bytes, offset) in bad {
      // Also where the fast path over eight plain bytes has just ended.
      for padding in 0...9 {
        let text = [UInt8](repeating: 0x61, count: padding) + bytes
        #expect(UTF8Check.firstFault(text.span) == padding + offset, "\(bytes) after \(padding)")
      }
    }
  }

  @Test func `values come back as they were`() throws {
    let text =
      #"{"n":12345678901234567890.50,"s":"a\"\\\n\u0001é🚀","l":[true,false,null,[],{}],"":0}"#
    let value = try JSON.parse(text)
    #expect(JSONWriter.compact(value) == text)
    #expect(try JSON.parse(JSONWriter.pretty(value)) == value)
    #expect(value["n"] == .number("12345678901234567890.50"))
  }

  @Test func `surrogates are paired, and lone ones shown as replaced`() throws {
    #expect(try JSON.parse(#""\ud83d\ude80""#) == .string("🚀"))
    #expect(try JSON.parse(#""\ud83d""#) == .string("\u{fffd}"))
    #expect(try JSON.parse(#""\ud83dx\ude80""#) == .string("\u{fffd}x\u{fffd}"))
    #expect(try JSON.parse(#""\ud83d\ud83d\ude80""#) == .string("\u{fffd}🚀"))
  }

  @Test func `nesting beyond the limit is refused without a trap`() {
    let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
    #expect(verdict(deep)?.reason == "nesting too deep")
    let allowed = String(repeating: "[", count: 512) + String(repeating: "]", count: 512)
    #expect(verdict(allowed) == nil)
  }

  @Test func `the pull reader walks a document in windows of any size`() throws {
    let text = #" {"a" : [ 1 , "x\n" , { } ] , "b" : {"c":null}} "#
    for chunk in 1...7 {
      var rest = Array(text.utf8)[...]
      let window = ByteWindow(chunk: chunk) { buffer, count in
        let part = rest.prefix(count)
        rest = rest.dropFirst(count)
        buffer.append(contentsOf: part)
        return part.count
      }
      let reader = JSONReader(window)
      var tokens: [JSONReader.Token] = []
      repeat { tokens.append(try reader.next()) } while tokens.last != .end
      #expect(
        tokens == [
          .beginObject, .name, .beginArray, .scalar(.number), .scalar(.string), .beginObject,
          .endObject, .endArray, .name, .beginObject, .name, .scalar(.null), .endObject, .endObject,
          .end,
        ], "chunks of \(chunk)")
    }
  }

  private func verdict(_ text: String) -> JSONError? {
    do throws(JSONError) {
      _ = try JSON.parse(text)
      return nil
    } catch { return error }
  }

  /// Whether the validator takes a text that comes in pieces.
  private func pieces(_ text: String, _ size: Int) -> Bool {
    let bytes = Array(text.utf8)
    var validator = JSONValidator()
    var at = 0
    while at < bytes.count {
      let piece = Array(bytes[at..<min(at + size, bytes.count)])
      switch validator.consume(piece.span, from: 0) {
      case .malformed: return false
      case .complete(let end):
        let rest = bytes[(at + end)...]
        return rest.allSatisfy { [0x20, 0x0a, 0x0d, 0x09].contains($0) }
      case .incomplete: at += size
      }
    }
    return validator.isCompleteAtEnd()
  }
}
