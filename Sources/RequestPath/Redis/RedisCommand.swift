import NIOCore
public import RESP

/// One command, encoded once, so that it can be sent, and sent again.
public struct RedisCommand: Sendable {
    /// As it goes over the wire: an array of texts.
    let bytes: ByteBuffer
    /// What `EVALSHA` names, when that is the command.
    let script: RedisScript?

    /// Room before the words for `*`, their number and a line end.
    private static let roomForCount = 16

    /// Makes a command of texts, such as `RedisCommand("HGET", "routes", "orders")`.
    public init(_ words: String...) {
        self.init { writer in
            for word in words { writer.word(word) }
        }
    }

    /// Makes a command of the words that a closure writes.
    public init(writing words: (inout RESPWriter) -> Void) { self.init(script: nil, writing: words) }

    /// Makes a command that runs a script by its digest.
    public init(
        _ script: RedisScript,
        keys: Int,
        writing keysAndArguments: (inout RESPWriter) -> Void
    ) {
        self.init(script: script) { writer in
            writer.word("EVALSHA" as StaticString)
            writer.word(script.digest)
            writer.word(keys)
            keysAndArguments(&writer)
        }
    }

    private init(script: RedisScript?, writing words: (inout RESPWriter) -> Void) {
        self.script = script
        var writer = RESPWriter(roomInFront: Self.roomForCount)
        words(&writer)
        // Written last, right before the words, since only now their number is known.
        let head = "*\(writer.words)\r\n"
        var bytes = writer.takeBytes()
        let start = Self.roomForCount - head.utf8.count
        bytes.setString(head, at: start)
        bytes.moveReaderIndex(to: start)
        self.bytes = bytes
    }
}
