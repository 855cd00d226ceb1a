import Testing
import Wire

/// What passes when the gateway ends a connection.
@Suite struct WebSocketPassageTests {
    private static let text: [UInt8] = [0x81, 0x05] + Array("hello".utf8)
    private static let close: [UInt8] = [0x88, 0x02, 0x03, 0xE8]

    @Test func `a connection that is not ended passes everything`() {
        let passage = Passage()
        #expect(passage.pass((Self.text + Self.close)) == .init(count: 11, closes: false))
        #expect(passage.hasClosed && passage.isSettled)
    }

    @Test func `between two frames it ends at once, and only the answer is looked for`() {
        let passage = Passage()
        _ = passage.pass(Self.text)
        #expect(passage.end())
        #expect(passage.isSettled && !passage.hasClosed)
        #expect(passage.pass(Self.text) == .init(count: 0, closes: false))
        #expect(passage.pass(Self.close) == .init(count: 0, closes: false))
        #expect(passage.hasClosed)
    }

    @Test(arguments: 1..<7)
    func `within a frame it ends after that frame`(cut: Int) {
        let passage = Passage()
        _ = passage.pass(Self.text[..<cut])
        #expect(!passage.end())
        #expect(!passage.isSettled)
        let rest = Self.text[cut...] + Self.text + Self.close
        #expect(passage.pass(rest) == .init(count: Self.text.count - cut, closes: true))
        #expect(passage.isSettled && passage.hasClosed)
    }

    @Test(arguments: 1..<4)
    func `the sender's own close frame makes another one needless`(cut: Int) {
        let passage = Passage()
        _ = passage.pass(Self.close[..<cut])
        #expect(!passage.end())
        #expect(passage.pass((Self.close[cut...] + Self.text)) == .init(count: 4 - cut, closes: false))
        #expect(passage.isSettled && passage.hasClosed)
        #expect(passage.pass(Self.text) == .init(count: 0, closes: false))
    }

    @Test func `after the sender's close frame nothing is added`() {
        let passage = Passage()
        _ = passage.pass(Self.close)
        #expect(!passage.end())
        #expect(passage.isSettled)
    }

    @Test func `what is no frame passes to the last byte`() {
        let passage = Passage()
        _ = passage.pass([0x81, 0xFF])
        #expect(!passage.end())
        #expect(passage.pass(Self.text) == .init(count: Self.text.count, closes: false))
        #expect(!passage.isSettled)
    }
}

/// A server's direction, which an expectation may change.
private final class Passage {
    private var passage = WebSocketPassage(from: .server)

    var hasClosed: Bool { passage.hasClosed }

    var isSettled: Bool { passage.isSettled }

    func end() -> Bool { passage.end() }

    func pass(_ bytes: some Sequence<UInt8>) -> WebSocketPassage.Verdict {
        let bytes = Array(bytes)
        return passage.pass(bytes.span)
    }
}
