public import Exchange
public import NIOCore

/// The opening handshake of WebSocket over HTTP/1.1 (RFC 6455, 4.2), as a gateway sees it from both sides.
///
/// Extensions and subprotocols are the affair of the two ends and are not looked at.
public enum WebSocketHandshake {
    /// What a request asks for.
    public enum Request: Sendable, Equatable {
        /// No WebSocket connection. Whatever else `Upgrade` names is not spoken here and may be ignored (RFC 9110, 7.8).
        case none
        /// A WebSocket connection, with this `Sec-WebSocket-Key`.
        case opens(key: ByteRange)
        /// A WebSocket connection, in a way that has to be refused.
        case faulty(WebSocketFault)
    }

    /// Reads a request's head.
    public static func read(_ head: borrowing RequestHead) -> Request {
        guard head.section.names.has(.upgrade), head.version != .http10 else { return .none }
        let span = head.bytes.readableBytesUInt8Span
        guard lists("websocket", .upgrade, head.section, span), lists("upgrade", .connection, head.section, span) else {
            return .none
        }
        guard Scan.isExactly(span, head.method.range, "GET") else { return .faulty(.method) }
        guard head.framing == .none || head.framing == .length(0) else { return .faulty(.body) }
        guard let version = only("sec-websocket-version", head.section, span),
            Scan.isExactly(span, version.range, "13")
        else { return .faulty(.version) }
        guard let key = only("sec-websocket-key", head.section, span), isKey(span.extracting(key.range)) else {
            return .faulty(.key)
        }
        return .opens(key: key)
    }

    /// Whether a response with status 101 opens the connection that was asked for.
    /// - Parameter accept: what `Sec-WebSocket-Accept` has to be.
    public static func isCompleted(by head: borrowing ResponseHead, accept: ByteBuffer) -> Bool {
        let span = head.bytes.readableBytesUInt8Span
        guard let upgrade = only("upgrade", head.section, span), Scan.equals(span, upgrade.range, "websocket"),
            lists("upgrade", .connection, head.section, span),
            let answer = only("sec-websocket-accept", head.section, span)
        else { return false }
        return head.bytes.getSlice(at: head.bytes.readerIndex + Int(answer.start), length: Int(answer.count)) == accept
    }

    /// The value of a field that occurs exactly once.
    private static func only(_ name: StaticString, _ section: FieldSection, _ span: Span<UInt8>) -> ByteRange? {
        var found: ByteRange?
        for field in section.fields where Scan.equals(span, field.name.range, name) {
            guard found == nil else { return nil }
            found = field.value
        }
        return found
    }

    private static func lists(
        _ element: StaticString,
        _ name: FieldName,
        _ section: FieldSection,
        _ span: Span<UInt8>
    ) -> Bool {
        var isListed = false
        for field in section.fields where field.known == name {
            ListElements.forEach(span, field.value.range) { if Scan.equals(span, $0, element) { isListed = true } }
        }
        return isListed
    }

    /// 16 bytes in base64: 22 characters and `==`.
    private static func isKey(_ text: Span<UInt8>) -> Bool {
        guard text.count == 24, text[22] == UInt8(ascii: "="), text[23] == UInt8(ascii: "=") else { return false }
        for index in 0..<22 {
            switch text[index] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
                continue
            default: return false
            }
        }
        return true
    }
}

/// What is wrong with a request for a WebSocket connection (RFC 6455, 4.2.1).
public enum WebSocketFault: String, Sendable, CaseIterable {
    case method
    case body
    case version
    case key

    /// What the client is told. An unknown version is answered with the one that is spoken (RFC 6455, 4.2.2).
    public var refusal: Refusal {
        let cause = Cause("websocket.\(rawValue)")
        return switch self {
        case .method: Refusal(status: 400, cause: cause, message: "A WebSocket handshake is a GET")
        case .body: Refusal(status: 400, cause: cause, message: "A WebSocket handshake has no body")
        case .version:
            Refusal(
                status: 426,
                cause: cause,
                message: "The WebSocket version spoken here is 13",
                fields: [ReplyField("Sec-WebSocket-Version", "13")]
            )
        case .key: Refusal(status: 400, cause: cause, message: "Sec-WebSocket-Key is not 16 bytes in base64")
        }
    }
}
