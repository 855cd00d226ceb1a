import Exchange
import NIOCore
import NIOHPACK
import Wire

/// What holds for any fields as the head of an HTTP/2 request:
/// - They are accepted exactly when the reference accepts them and HTTP/1.1 accepts what they are as lines.
/// - Then they mean the same as those lines do, so that no backend of HTTP/1.1 reads another request.
///
/// An input begins with a byte that is odd when no body follows. The fields are parted by 0x1E, their names and values by 0x1F.
enum HTTP2RequestProperty {
    private static let limits = RequestHeadProperty.limits

    static func check(_ input: [UInt8]) throws(Violation) {
        let fields = fields(input.dropFirst())
        let endsStream = input.first.map { $0 & 1 == 1 } ?? true
        let parser = RequestParser(limits: limits, names: RequestMessage.names)
        var head = RequestHead()
        let lines = reference(fields)
        let asLines = try lines.map { lines throws(Violation) in try RequestMessage.read(lines) }
        do throws(WireFault) {
            try parser.parse(HPACKHeaders(fields), endsStream: endsStream, webSocketKey: key, into: &head)
        } catch {
            guard let lines, case .complete(let message, lines.count, _)? = asLines else { return }
            let isOverLimit =
                lines.count > limits.headBytes || message.fields.count > limits.fieldCount
                || message.method.count + message.path.count + (message.query?.count ?? 0) + 10 > limits.lineBytes
            let hasNoBody = message.framing == .none || message.framing == .length(0)
            try hold(isOverLimit || endsStream && !hasNoBody, "\(error), but the reference accepts \(input.quoted)")
            return
        }
        guard let lines, case .complete(let expected, let length, _)? = asLines else {
            throw Violation(description: "accepts \(input.quoted), which as lines is \(String(describing: asLines))")
        }
        try hold(length == lines.count, "\(lines.quoted) ends at \(length)")
        try checkMeaning(RequestMessage(head), expected, endsStream: endsStream)
    }

    private static func checkMeaning(
        _ message: RequestMessage,
        _ expected: RequestMessage,
        endsStream: Bool
    ) throws(Violation) {
        try hold(message.version == .http2, "the version is \(message.version)")
        var expected = expected
        expected.version = .http2
        switch (expected.framing, endsStream) {
        case (_, true): expected.framing = .none
        case (.none, false) where !expected.opensWebSocket: expected.framing = .chunked
        default: break
        }
        let asks = expected.fields.contains { $0.name == Array("expect".utf8) }
        expected.expectsContinue = asks && expected.framing != .none && expected.framing != .length(0)
        try hold(message == expected, "\(message) for \(expected)")
    }

    // MARK: The reference

    /// The key of a WebSocket handshake, which is HTTP/1.1's alone.
    private static let key = "AAAAAAAAAAAAAAAAAAAAAA=="
    /// Fields of a connection, which HTTP/2 has not (RFC 9113, 8.2.2).
    static let connectionFields = [
        "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade",
    ]

    /// The fields as an HTTP/1.1 head, when RFC 9113, 8.2 and 8.3, allow them.
    private static func reference(_ fields: [(String, String)]) -> [UInt8]? {
        let pseudo = fields.prefix { $0.0.hasPrefix(":") }
        let regular = fields.dropFirst(pseudo.count)
        var values: [String: String] = [:]
        for (name, value) in pseudo where values.updateValue(value, forKey: name) != nil { return nil }
        let authority = values.removeValue(forKey: ":authority")
        let opensWebSocket = values[":method"] == "CONNECT" && values.removeValue(forKey: ":protocol") == "websocket"
        if opensWebSocket { values[":method"] = "GET" }
        guard let method = values[":method"], method != "CONNECT", let path = values[":path"],
            let scheme = values[":scheme"], values.count == 3, ["http", "https"].contains(scheme),
            ReferenceHead.isToken(method.utf8), path.utf8.first == UInt8(ascii: "/") || path == "*",
            path.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            regular.allSatisfy(isAllowed), authority.map(isValue) ?? true
        else { return nil }
        let hosts = regular.filter { $0.0 == "host" }.map(\.1)
        if let authority, hosts.count > 1 || hosts.contains(where: { $0.lowercased() != authority.lowercased() }) {
            return nil
        }
        var lines = ["\(method) \(path) HTTP/1.1"]
        if let authority { lines.append("host: \(authority)") }
        for (name, value) in regular where name != "cookie" && (name != "host" || authority == nil) {
            lines.append("\(name): \(value)")
        }
        let cookies = regular.filter { $0.0 == "cookie" }.map(\.1)
        if !cookies.isEmpty { lines.append("cookie: " + cookies.joined(separator: "; ")) }
        if opensWebSocket { lines += ["connection: upgrade", "upgrade: websocket", "sec-websocket-key: \(key)"] }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    private static func isAllowed(_ name: String, _ value: String) -> Bool {
        ReferenceHead.isToken(name.utf8) && !name.utf8.contains { (0x41...0x5A).contains($0) } && isValue(value)
            && !connectionFields.contains(name) && (name != "te" || value == "trailers")
    }

    private static func isValue(_ value: String) -> Bool {
        let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        return !value.utf8.contains { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }
            && !(value.utf8.first.map(isSpace) ?? false) && !(value.utf8.last.map(isSpace) ?? false)
    }

    /// NIO asks for names of ASCII; others do not come through HPACK's validation of a frame.
    static func fields(_ input: ArraySlice<UInt8>) -> [(String, String)] {
        input.split(separator: 0x1E).map { field in
            let parts = field.split(separator: 0x1F, maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count == 2 ? parts[1] : []
            return (String(decoding: parts[0], as: UTF8.self), String(decoding: value, as: UTF8.self))
        }
    }
}

extension RequestMessage {
    fileprivate var opensWebSocket: Bool { fields.contains { $0.name == Array("upgrade".utf8) } }
}
