public import Exchange
public import NIOCore
public import NIOHPACK

/// Requests of HTTP/2 (RFC 9113, 8.3), read by the same rules as those of HTTP/1.1.
///
/// The fields are written down as the head of an HTTP/1.1 request would be, so that nothing that comes later knows the difference:
/// `:authority` becomes `host`, and the pieces of a cookie become one field again. What could not stand in such a head is refused.
extension RequestParser {
    /// Reads the fields of a HEADERS frame into `head`, with its bytes.
    ///
    /// An extended CONNECT that asks for a WebSocket connection (RFC 8441) becomes the handshake of HTTP/1.1, which has a key.
    ///
    /// - Parameters:
    ///   - endsStream: whether no body follows.
    ///   - webSocketKey: a key for such a handshake.
    /// - Throws: the first fault; `WireFault.isMalformedStream` tells whether it may be answered.
    public func parse(
        _ fields: HPACKHeaders,
        endsStream: Bool,
        webSocketKey: @autoclosure () -> String,
        into head: inout RequestHead
    ) throws(WireFault) {
        let pseudo = try PseudoFields(fields)
        let authority = pseudo.authority ?? ""
        let target = try layOutLine(pseudo, into: &head)
        var layout = FieldLayout(parser: self, start: target.upperBound + Self.version.utf8CodeUnitCount)
        head.section.removeAll()
        if pseudo.authority != nil { layout.add(.host, "host", authority, to: &head.section) }
        for (name, value, _) in fields where name.utf8.first != Characters.colon {
            try layout.add(name, value, authority: pseudo.authority, to: &head.section)
        }
        layout.addCookie(to: &head.section)
        let key = pseudo.opensWebSocket ? webSocketKey() : nil
        if let key { layout.addHandshake(key: key, to: &head.section) }
        guard head.section.fields.count <= limits.fieldCount else { throw .tooManyFields }
        guard layout.end + 2 <= limits.headBytes else { throw .headTooLarge }
        Self.write(pseudo, fields, hasCookie: layout.hasCookie, key: key, to: &head.bytes)
        try readHead(target, endsStream: endsStream, &head)
        // What follows is the connection's.
        if pseudo.opensWebSocket, head.framing == .chunked {
            head.framing = .none
            head.expectsContinue = false
        }
    }

    /// Reads the fields of a HEADERS frame that ends a body, as the lines of a trailer section with its empty line.
    public func parseTrailers(_ fields: HPACKHeaders) throws(WireFault) -> ByteBuffer {
        var section = FieldSection()
        var layout = FieldLayout(parser: self, start: 0)
        for (name, value, _) in fields {
            guard name.utf8.first != Characters.colon else { throw .badPseudoField }
            try layout.add(name, value, authority: nil, to: &section)
        }
        guard layout.end <= limits.headBytes, section.fields.count <= limits.fieldCount else { throw .trailersTooLarge }
        var lines = ByteBuffer()
        lines.writeHead { out in
            for (name, value, _) in fields { out.writeLine(name, value) }
            out.writeStaticString("\r\n")
        }
        return lines
    }

    private static let version: StaticString = " HTTP/2.0\r\n"

    /// Checks what stands in the request line.
    /// - Returns: where the target will stand.
    private func layOutLine(_ pseudo: PseudoFields, into head: inout RequestHead) throws(WireFault) -> Range<Int> {
        let method = pseudo.method.utf8.span
        let path = pseudo.path.utf8.span
        for index in 0..<method.count where !Characters.isToken(method[index]) { throw .badPseudoField }
        guard Scan.endOfTarget(path, from: 0) == path.count else { throw .badTarget }
        guard path[0] == UInt8(ascii: "/") || path.count == 1 && path[0] == UInt8(ascii: "*") else { throw .badTarget }
        let length = method.count + path.count + Self.version.utf8CodeUnitCount - 1
        guard length <= limits.lineBytes else { throw .requestLineTooLong }
        head.version = .http2
        head.method = ByteRange(start: 0, count: method.count)
        head.isHEAD = pseudo.method == "HEAD"
        return method.count + 1..<method.count + 1 + path.count
    }

    private static func write(
        _ pseudo: PseudoFields,
        _ fields: HPACKHeaders,
        hasCookie: Bool,
        key: String?,
        to bytes: inout ByteBuffer
    ) {
        bytes.clear()
        bytes.writeHead { out in
            out.writeString(pseudo.method)
            out.writeStaticString(" ")
            out.writeString(pseudo.path)
            out.writeStaticString(version)
            if let authority = pseudo.authority { out.writeLine("host", authority) }
            for (name, value, _) in fields where name.utf8.first != Characters.colon && name != "cookie" {
                if name == "host", pseudo.authority != nil { continue }
                out.writeLine(name, value)
            }
            if hasCookie {
                out.writeStaticString("cookie: ")
                var isFirst = true
                for (name, value, _) in fields where name == "cookie" {
                    if !isFirst { out.writeStaticString("; ") }
                    isFirst = false
                    out.writeString(value)
                }
                out.writeStaticString("\r\n")
            }
            if let key {
                for (name, value) in FieldLayout.handshake { out.writeLine(name, value) }
                out.writeLine(FieldLayout.keyName, key)
            }
            out.writeStaticString("\r\n")
        }
    }

    /// What the written head says, by the rules that HTTP/1.1 has for it.
    private func readHead(_ target: Range<Int>, endsStream: Bool, _ head: inout RequestHead) throws(WireFault) {
        let bytes = head.bytes
        let span = bytes.readableBytesUInt8Span
        try parseTarget(span, target, into: &head)
        try readHost(span, &head)
        let length = try FramingFields(span, &head.section, version: .http2).contentLength
        if endsStream {
            guard length ?? 0 == 0 else { throw .wrongContentLength }
            head.framing = .none
        } else {
            head.framing = length.map { .length($0) } ?? .chunked
        }
        head.keepsAlive = true
        head.expectsContinue = false
        for field in head.section.fields where field.known == .expect {
            guard Scan.equals(span, field.value.range, "100-continue") else { throw .unknownExpectation }
            head.expectsContinue = !endsStream && head.framing != .length(0)
        }
    }
}

/// The pseudo-header fields of a request (RFC 9113, 8.3.1).
private struct PseudoFields {
    var method = ""
    var path = ""
    var authority: String?
    /// Whether it is an extended CONNECT for a WebSocket connection; the method is then the handshake's.
    var opensWebSocket = false

    /// Reads those that stand in front.
    init(_ fields: HPACKHeaders) throws(WireFault) {
        var scheme: String?
        var connectsTo: String?
        var isInFront = true
        for (name, value, _) in fields {
            guard name.utf8.first == Characters.colon else {
                isInFront = false
                continue
            }
            guard isInFront else { throw .badPseudoField }
            switch name {
            case ":method" where method.isEmpty: method = value
            case ":path" where path.isEmpty: path = value
            case ":authority" where authority == nil: authority = value
            case ":scheme" where scheme == nil: scheme = value
            case ":protocol" where connectsTo == nil: connectsTo = value
            default: throw .badPseudoField
            }
        }
        if method == "CONNECT" {
            guard connectsTo == "websocket" else { throw .connectMethod }
            opensWebSocket = true
            method = "GET"
        } else if connectsTo != nil {
            throw .badPseudoField
        }
        // What it says is not compared with the connection: a proxy in front may have ended TLS.
        guard scheme == "http" || scheme == "https", !method.isEmpty, !path.isEmpty else { throw .badPseudoField }
    }
}

/// Checks fields, and counts where they will stand once they are written as lines.
private struct FieldLayout {
    let parser: RequestParser
    /// Where the next line will start.
    private(set) var end: Int
    private var cookieLength: Int?
    private var hasHost = false

    init(parser: RequestParser, start: Int) {
        self.parser = parser
        end = start
    }

    var hasCookie: Bool { cookieLength != nil }

    /// Takes a field as it came. Its name must be in lower case, and its value must be one that stands in one line.
    mutating func add(
        _ name: String,
        _ value: String,
        authority: String?,
        to section: inout FieldSection
    ) throws(WireFault) {
        let known = try check(name, value)
        switch known {
        case .connection, .keepAlive, .proxyConnection, .transferEncoding, .upgrade: throw .connectionField
        case .te:
            guard value == "trailers" else { throw .connectionField }
        case .host:
            guard let authority else { break }
            guard !hasHost else { throw .duplicateHost }
            guard Self.isSameHost(authority, value) else { throw .contradictingHost }
            hasHost = true
            return
        case .cookie:
            cookieLength = cookieLength.map { $0 + 2 + value.utf8.count } ?? value.utf8.count
            return
        default: break
        }
        // A head that has far too many fields is refused before all of them are looked at.
        guard section.fields.count <= parser.limits.fieldCount else { throw .tooManyFields }
        add(known, name, value, to: &section)
    }

    mutating func add(_ known: FieldName, _ name: String, _ value: String, to section: inout FieldSection) {
        add(known, nameLength: name.utf8.count, valueLength: value.utf8.count, to: &section)
    }

    /// The pieces of the cookie, joined (RFC 9113, 8.2.3).
    mutating func addCookie(to section: inout FieldSection) {
        guard let cookieLength else { return }
        add(.cookie, nameLength: 6, valueLength: cookieLength, to: &section)
    }

    /// What a handshake of HTTP/1.1 has and an extended CONNECT does not.
    static let handshake = [("connection", "upgrade"), ("upgrade", "websocket")]
    static let keyName = "sec-websocket-key"

    mutating func addHandshake(key: String, to section: inout FieldSection) {
        for ((name, value), known) in zip(Self.handshake, [FieldName.connection, .upgrade]) {
            add(known, name, value, to: &section)
        }
        add(.other, Self.keyName, key, to: &section)
    }

    private mutating func add(
        _ known: FieldName,
        nameLength: Int,
        valueLength: Int,
        to section: inout FieldSection
    ) {
        let valueStart = end + nameLength + 2
        section.names.formUnion(FieldNameSet(known))
        section.fields.append(
            Field(
                name: ByteRange(start: end, count: nameLength),
                value: ByteRange(start: valueStart, count: valueLength),
                known: known,
                isCanonical: true
            )
        )
        end = valueStart + valueLength + 2
    }

    private func check(_ name: String, _ value: String) throws(WireFault) -> FieldName {
        let bytes = name.utf8.span
        guard bytes.count > 0 else { throw .emptyFieldName }
        for index in 0..<bytes.count {
            let byte = bytes[index]
            guard Characters.isToken(byte), byte &- UInt8(ascii: "A") >= 26 else { throw .badFieldName }
        }
        let content = value.utf8.span
        guard Scan.endOfFieldValue(content, from: 0) == content.count else { throw .badFieldValue }
        if content.count > 0, Self.isSpace(content[0]) || Self.isSpace(content[content.count - 1]) {
            throw .badFieldSpace
        }
        return parser.fields.names.name(in: bytes, at: 0, count: bytes.count)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == Characters.space || byte == Characters.tab }

    private static func isSameHost(_ first: String, _ second: String) -> Bool {
        let first = first.utf8.span
        let second = second.utf8.span
        guard first.count == second.count else { return false }
        for index in 0..<first.count where Scan.lowercased(first[index]) != Scan.lowercased(second[index]) {
            return false
        }
        return true
    }
}
