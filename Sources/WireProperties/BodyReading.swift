public import Exchange
import NIOCore
public import Wire

/// What a body decoder made of some bytes.
public struct BodyReading: Equatable, Sendable {
    /// The content, without its framing.
    public var content: [UInt8] = []
    /// Where the body ended; `nil` while it goes on.
    public var end: Int?
    /// The trailer section with its empty line.
    public var trailers: [UInt8]?
    /// Why the body was refused.
    public var fault: WireFault?

    /// Decodes `bytes` as they come in pieces of the given lengths; at once without.
    public init(
        _ bytes: [UInt8],
        framing: BodyFraming = .chunked,
        limit: Int = .max,
        inPiecesOf lengths: some Sequence<Int> = EmptyCollection()
    ) throws(Violation) {
        var decoder = BodyDecoder(framing, limit: limit)
        var start = 0
        for piece in pieces(of: bytes, lengths: lengths) {
            do {
                try read(Array(piece), at: start, &decoder)
            } catch let fault as WireFault {
                self.fault = fault
                return
            } catch {
                throw Violation(description: "\(error)")
            }
            if end != nil { return }
            start += piece.count
        }
    }

    private mutating func read(_ piece: [UInt8], at start: Int, _ decoder: inout BodyDecoder) throws {
        var offset = 0
        while true {
            switch try decoder.next(piece.span, from: offset) {
            case .content(let range):
                try hold(range.lowerBound >= offset && !range.isEmpty, "content at \(range), \(offset) was read")
                try hold(range.upperBound <= piece.count, "content at \(range) of \(piece.count) bytes")
                content += piece[range]
                offset = range.upperBound
            case .needsMore:
                try hold(!decoder.hasEnded, "an ended body needs more")
                return
            case .end(let index):
                try hold((offset...piece.count).contains(index), "the body ends at \(index), \(offset) was read")
                try hold(decoder.hasEnded, "a body ended and did not")
                end = start + index
                trailers = decoder.trailers.map { Array(buffer: $0) }
                return
            }
        }
    }
}
