import Credentials
import Exchange
import NIOCore

/// A request as its signature sees it: as the client sent it, whatever the gateway makes of its path.
struct SignedRequest: SignableRequest {
    let head: RequestHead
    /// Whether the client speaks to the gateway itself over TLS.
    let isSecure: Bool

    init(_ exchange: Exchange) {
        head = exchange.request
        isSecure = exchange.isSecure
    }

    /// A length of 0 is no content: there is nothing in it that a signature could leave out.
    var hasContent: Bool { head.framing != .none && head.framing != .length(0) }

    func append(_ part: RequestPart, to bytes: inout [UInt8]) -> Bool {
        switch part {
        case .method: append(head.method, to: &bytes)
        case .scheme: bytes += isSecure ? "https".utf8 : "http".utf8
        case .authority: append(head.authority, to: &bytes)
        case .path: append(head.path, to: &bytes)
        case .query:
            guard head.hasQuery else { return false }
            append(head.query, to: &bytes)
        case .target:
            append(head.path, to: &bytes)
            guard head.hasQuery else { return true }
            bytes.append(UInt8(ascii: "?"))
            append(head.query, to: &bytes)
        }
        return true
    }

    func forEachValue(ofField name: Span<UInt8>, _ body: (Span<UInt8>) -> Void) {
        let bytes = head.bytes
        let span = bytes.readableBytesUInt8Span
        for field in head.section.fields where field.isNamed(name, in: span) {
            body(span.extracting(field.value.range))
        }
    }

    /// Whether the method is one of these names.
    func isMethod(in names: [[UInt8]]) -> Bool {
        let bytes = head.bytes
        let method = bytes.readableBytesUInt8Span.extracting(head.method.range)
        search: for name in names where name.count == method.count {
            for index in 0..<name.count where name[index] != method[index] { continue search }
            return true
        }
        return false
    }

    private func append(_ range: ByteRange, to bytes: inout [UInt8]) {
        let source = head.bytes
        let span = source.readableBytesUInt8Span.extracting(range.range)
        for index in 0..<span.count { bytes.append(span[index]) }
    }
}
