import Exchange
import NIOCore
import Wire

/// What holds for any bytes as a chunked body. The input's first byte says into how many pieces the body is cut (modulo
/// 16), the next ones how long these are; the rest is the body.
/// - It makes no difference in which pieces it comes, not even for which fault is found.
/// - It is accepted exactly when the reference accepts it, with the same content and end.
/// - Framed anew, it has the same content and trailers.
enum BodyProperty {
    static func check(_ input: [UInt8]) throws(Violation) {
        let count = Int(input.first ?? 0) & 15
        let lengths = input.dropFirst().prefix(count).map(Int.init)
        let bytes = Array(input.dropFirst(1 + count))
        let whole = try BodyReading(bytes)
        for lengths in [lengths, Array(repeating: 1, count: bytes.count)] {
            let inPieces = try BodyReading(bytes, inPiecesOf: lengths)
            try hold(inPieces == whole, "\(whole), but in pieces \(inPieces)")
        }
        let reference = ReferenceChunks(bytes)
        try hold(reference?.length == whole.end, "\(whole), by the reference \(String(describing: reference))")
        guard let reference else { return }
        try hold(reference.content == whole.content, "\(whole), by the reference \(reference)")
        try hold(reference.trailers == whole.trailers, "\(whole), by the reference \(reference)")
        try checkFramedAnew(whole)
    }

    private static let filter = TrailerFilter(names: FieldNameTable())

    private static func checkFramedAnew(_ body: BodyReading) throws(Violation) {
        let trailers = try filtered(body.trailers)
        var framed = ByteBuffer()
        if !body.content.isEmpty {
            framed.writeChunkSize(body.content.count)
            framed.writeBytes(body.content)
            framed.writeStaticString("\r\n")
        }
        framed.writeStaticString("0\r\n")
        framed.writeBytes(trailers ?? [])
        framed.writeStaticString("\r\n")
        let second = try BodyReading(Array(buffer: framed))
        try hold(second.content == body.content && second.end == framed.readableBytes, "\(body), framed anew \(second)")
        try hold(second.trailers == trailers.map { $0 + Array("\r\n".utf8) }, "\(body), framed anew \(second)")
        try hold(try filtered(second.trailers) == trailers, "\(body), framed anew \(second)")
    }

    /// The trailers that are passed on; none when they are refused.
    private static func filtered(_ section: [UInt8]?) throws(Violation) -> [UInt8]? {
        guard let section else { return nil }
        let passed: [UInt8]?
        do {
            passed = try filter.filter(ByteBuffer(bytes: section)).map { Array(buffer: $0) }
        } catch {
            passed = nil
        }
        let reference = ReferenceChunks.passedTrailers(section)
        try hold(passed == reference, "trailers \(section.quoted) pass as \(String(describing: passed))")
        return passed
    }
}
