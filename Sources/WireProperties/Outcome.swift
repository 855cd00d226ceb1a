import NIOCore
public import Wire

/// What a parser made of some bytes.
public enum Outcome<Message: Equatable & Sendable>: Equatable, Sendable {
    /// A whole head of so many bytes, what it says, and the bytes that it is sent on as.
    case complete(Message, length: Int, forwarded: [UInt8])
    /// The head goes on.
    case incomplete
    /// The head is refused.
    case refused(WireFault)
}

extension Outcome {
    /// Gives bytes to a parser piece by piece, as a connection does.
    /// - Parameters:
    ///   - parse: parses a buffer of which so many bytes were scanned before.
    ///   - finish: what a parsed head says, and what it is sent on as.
    static func read(
        _ bytes: [UInt8],
        inPiecesOf lengths: some Sequence<Int>,
        parse: (ByteBuffer, _ scanned: Int) throws -> RequestParser.Progress,
        finish: (ByteBuffer) throws -> (Message, forwarded: [UInt8])
    ) throws(Violation) -> Outcome {
        // Bytes before the reader index show that ranges count from it.
        var buffer = ByteBuffer(string: "before")
        buffer.moveReaderIndex(forwardBy: buffer.readableBytes)
        for piece in pieces(of: bytes, lengths: lengths) {
            let scanned = buffer.readableBytes
            buffer.writeBytes(piece)
            do {
                guard case .complete(let length) = try parse(buffer, scanned) else { continue }
                try hold(length > scanned && length <= buffer.readableBytes, "the head ends at \(length)")
                let head = buffer.getSlice(at: buffer.readerIndex, length: length) ?? ByteBuffer()
                let (message, forwarded) = try finish(head)
                return .complete(message, length: length, forwarded: forwarded)
            } catch let fault as WireFault {
                return .refused(fault)
            } catch {
                throw Violation(description: "\(error)")
            }
        }
        return .incomplete
    }

    /// Holds that the outcome for `bytes` does not depend on the pieces in which they come: byte by byte, and in a few
    /// that follow from the bytes.
    func holdsInPieces(_ bytes: [UInt8], read: ([Int]) throws(Violation) -> Outcome) throws(Violation) {
        let seed = bytes.reduce(7) { ($0 &* 31 &+ Int($1)) & 0xFFFF }
        for lengths in [Array(repeating: 1, count: bytes.count), [1 + seed % (bytes.count + 1), 1 + seed % 5]] {
            let inPieces = try read(lengths)
            switch (self, inPieces) {
            // A fault behind the first piece is seen when the head is complete, or another one when a limit is passed.
            case (.refused, .refused), (.refused, .incomplete): continue
            default: try hold(inPieces == self, "\(self), but in pieces \(inPieces)")
            }
        }
    }
}

/// A header field by its bytes.
public struct FieldLine: Equatable, Sendable {
    /// The name as it was sent.
    public var name: [UInt8]
    /// The value without surrounding white space.
    public var value: [UInt8]

    /// Makes a field.
    public init(name: [UInt8], value: [UInt8]) {
        self.name = name
        self.value = value
    }

    /// The name in lower case.
    public var key: String { String(decoding: name, as: UTF8.self).lowercased() }
}

/// Splits `bytes` after the given lengths; what is left over is the last piece.
func pieces(of bytes: [UInt8], lengths: some Sequence<Int>) -> [ArraySlice<UInt8>] {
    var pieces: [ArraySlice<UInt8>] = []
    var start = 0
    for length in lengths where start < bytes.count {
        let end = min(bytes.count, start + max(length, 1))
        pieces.append(bytes[start..<end])
        start = end
    }
    if start < bytes.count { pieces.append(bytes[start...]) }
    return pieces
}
