public import Exchange
public import NIOCore
public import NIOHPACK

/// Responses of HTTP/2 backends (RFC 9113, 8.3.2), read by the same rules as those of HTTP/1.1.
///
/// The fields are written down as the head of an HTTP/1.1 response would be, and then parsed as one. What could not stand in such a
/// head is malformed.
extension ResponseParser {
    /// Reads the fields of a HEADERS frame into `head`, with its bytes.
    ///
    /// - Parameters:
    ///   - endsStream: whether no body follows.
    ///   - toHEAD: whether the request's method was HEAD, so that no body follows.
    public func parse(
        _ fields: HPACKHeaders,
        endsStream: Bool,
        toHEAD: Bool,
        into head: inout ResponseHead
    ) throws(WireFault) {
        var bytes = head.bytes
        head.bytes = ByteBuffer()
        defer { head.bytes = bytes }
        let status = try Self.check(fields)
        let mayHaveBody = !toHEAD && status.count == 3 && status != "204" && status != "304" && !status.hasPrefix("1")
        // Clients of HTTP/1.1 have to be told that nothing follows.
        let needsLength = endsStream && mayHaveBody && fields.first(name: "content-length") == nil
        bytes.clear()
        bytes.writeHead { out in
            out.writeStaticString("HTTP/1.1 ")
            out.writeString(status)
            out.writeStaticString(" \r\n")
            for (name, value, _) in fields where name.utf8.first != Characters.colon { out.writeLine(name, value) }
            if needsLength { out.writeStaticString("content-length: 0\r\n") }
            out.writeStaticString("\r\n")
        }
        guard case .complete = try parse(bytes, scanned: 0, toHEAD: toHEAD, into: &head) else { throw .badFieldValue }
        head.version = .http2
        head.keepsAlive = true
        switch head.framing {
        case .length(let length): if endsStream, length > 0 { throw .wrongContentLength }
        case .untilClose: head.framing = .chunked
        case .none, .chunked: break
        }
    }

    /// Reads the fields of a HEADERS frame that ends a body, as the lines of a trailer section with its empty line.
    public func parseTrailers(_ fields: HPACKHeaders) throws(WireFault) -> ByteBuffer {
        for (name, value, _) in fields {
            guard name.utf8.first != Characters.colon else { throw .badPseudoField }
            try Self.check(name, value)
        }
        var lines = ByteBuffer()
        lines.writeHead { out in
            for (name, value, _) in fields { out.writeLine(name, value) }
            out.writeStaticString("\r\n")
        }
        guard lines.readableBytes <= limits.headBytes else { throw .trailersTooLarge }
        return lines
    }

    /// - Returns: the value of `:status`, the one pseudo-header field that there has to be.
    private static func check(_ fields: HPACKHeaders) throws(WireFault) -> String {
        var status: String?
        var isInFront = true
        for (name, value, _) in fields {
            if name.utf8.first == Characters.colon {
                guard name == ":status", status == nil, isInFront else { throw .badPseudoField }
                status = value
            } else {
                isInFront = false
                try check(name, value)
            }
        }
        guard let status, status.utf8.count == 3 else { throw .badStatusLine }
        return status
    }

    /// A name must be in lower case, and a value must be one that stands in one line.
    private static func check(_ name: String, _ value: String) throws(WireFault) {
        let bytes = name.utf8.span
        guard bytes.count > 0 else { throw .emptyFieldName }
        for index in 0..<bytes.count {
            guard Characters.isToken(bytes[index]), bytes[index] &- UInt8(ascii: "A") >= 26 else { throw .badFieldName }
        }
        let content = value.utf8.span
        guard Scan.endOfFieldValue(content, from: 0) == content.count else { throw .badFieldValue }
        switch name {
        case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade": throw .connectionField
        default: break
        }
    }
}

extension HeadWriter {
    /// Writes one field as a line.
    mutating func writeLine(_ name: String, _ value: String) {
        writeString(name)
        writeStaticString(": ")
        writeString(value)
        writeStaticString("\r\n")
    }
}
