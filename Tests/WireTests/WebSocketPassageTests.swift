import Testing
import Wire

/// What passes when the gateway ends a connection.
@Suite struct WebSocketPassageTests {
    private static let text: [UInt8] = [0x81, 0x05] + Array("hello".utf8)
    private static let close: [UInt8] = [0x88, 0x02, 0x03, 0xE8]

    @Test func `a connection that is not ended passes everything`() {
        var passage = WebSocketPassage(from: .server)
        #expect(passage.pass((Self.text + Self.close).span) == .init(count: 11, closes: false))
        #expect(passage.hasClosed && passage.isSettled)
    }

    @Test func `between two frames it ends at once, and only the answer is looked for`() {
        var passage = WebSocketPassage(from: .server)
        _ = passage.pass(Self.text.span)
        #expect(passage.end())
        #expect(passage.isSettled && !passage.hasClosed)
        #expect(passage.pass(Self.text.span) == .init(count: 0, closes: false))
        #expect(passage.pass(Self.close.span) == .init(count: 0, closes: false))
        #expect(passage.hasClosed)
    }

    @Test(arguments: 1..<7)
    func `within a frame it ends after that frame`(cut: Int) {
        var passage = WebSocketPassage(from: .server)
        _ = passage.pass(Self.text[..<cut].span)
        #expect(!passage.end())
        #expect(!passage.isSettled)
        let rest = Self.text[cut...] + Self.text + Self.close
        #expect(passage.pass(rest.span) == .init(count: Self.text.count - cut, closes: true))
        #expect(passage.isSettled && passage.hasClosed)
    }

    @Test(arguments: 1..<4)
    func `the sender's own close frame makes another one needless`(cut: Int) {
        var passage = WebSocketPassage(from: .server)
        _ = passage.pass(Self.close[..<cut].span)
        #expect(!passage.end())
        #expect(passage.pass((Self.close[cut...] + Self.text).span) == .init(count: 4 - cut, closes: false))
        #expect(passage.isSettled && passage.hasClosed)
        #expect(passage.pass(Self.text.span) == .init(count: 0, closes: false))
    }

    @Test func `after the sender's close frame nothing is added`() {
        var passage = WebSocketPassage(from: .server)
        _ = passage.pass(Self.close.span)
        #expect(!passage.end())
        #expect(passage.isSettled)
    }

    @Test func `what is no frame passes to the last byte`() {
        var passage = WebSocketPassage(from: .server)
        _ = passage.pass(([0x81, 0xFF] as [UInt8]).span)
        #expect(!passage.end())
        #expect(passage.pass(Self.text.span) == .init(count: Self.text.count, closes: false))
        #expect(!passage.isSettled)
    }
}
