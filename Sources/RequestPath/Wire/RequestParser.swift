public import Exchange
public import NIOCore

/// Parses the head of an HTTP/1.1 or HTTP/1.0 request (RFC 9112), strictly and without copying.
public struct RequestParser: Sendable {
    /// What a call to `parse` came to.
    public enum Progress: Sendable, Equatable {
        /// The head is not complete yet.
        case incomplete
        /// The head took so many bytes of the buffer.
        case complete(Int)
    }

    let limits: HeadLimits
    let fields: FieldParser

    /// Makes a parser.
    public init(limits: HeadLimits, names: FieldNameTable) {
        self.limits = limits
        fields = FieldParser(names: names, maximumCount: limits.fieldCount)
    }

    /// Parses the head at the buffer's reader index into `head`, whose ranges then count from there. The buffer is not
    /// changed, and `head.bytes` is set by the caller.
    ///
    /// - Parameter scanned: bytes that an earlier call found to hold no empty line; 0 at first.
    /// - Throws: the first fault. When a head comes in pieces, only the first piece and the complete head are looked at
    ///   closely, so that the cost stays linear; between them only the limits are watched.
    public func parse(
        _ buffer: ByteBuffer,
        scanned: Int,
        into head: inout RequestHead
    ) throws(WireFault) -> Progress {
        let span = buffer.readableBytesUInt8Span
        if scanned > 0, !Scan.hasEmptyLine(span, from: max(scanned - 3, 0)) {
            try checkSize(span)
            return .incomplete
        }
        head.section.removeAll()
        guard let lineEnd = try parseRequestLine(span, into: &head),
            let end = try fields.parse(span, from: lineEnd, into: &head.section)
        else {
            try checkSize(span)
            return .incomplete
        }
        guard end <= limits.headBytes else { throw .headTooLarge }
        try readHost(span, &head)
        try readFraming(span, &head)
        return .complete(end)
    }

    private func checkSize(_ span: Span<UInt8>) throws(WireFault) {
        guard span.count > min(limits.lineBytes, limits.headBytes) else { return }
        let start = Self.lineStart(span)
        var index = start
        while index < span.count, span[index] != Characters.lf { index += 1 }
        // The line's CR is not counted; while there is no LF yet, the last byte may be that CR.
        if index - start > limits.lineBytes + 1 { throw .requestLineTooLong }
        if span.count > limits.headBytes { throw .headTooLarge }
    }

    /// One empty line may precede the request line, since some clients send it after a body (RFC 9112, 2.2).
    private static func lineStart(_ span: Span<UInt8>) -> Int {
        span.count >= 2 && span[0] == Characters.cr && span[1] == Characters.lf ? 2 : 0
    }

    // MARK: The request line

    /// `method SP request-target SP HTTP-version CRLF` (RFC 9112, 3).
    /// - Returns: the offset after the line, or `nil` when more bytes are needed.
    private func parseRequestLine(_ span: Span<UInt8>, into head: inout RequestHead) throws(WireFault) -> Int? {
        let count = span.count
        let start = Self.lineStart(span)
        var index = start
        while index < count, Characters.isToken(span[index]) { index += 1 }
        guard index < count else { return nil }
        guard index > start, span[index] == Characters.space else {
            if count == 1, span[0] == Characters.cr { return nil }
            throw lineFault(span[index])
        }
        head.method = ByteRange(start: start, count: index - start)
        head.isHEAD = Scan.isExactly(span, start..<index, "HEAD")
        let targetStart = index + 1
        let targetEnd = Scan.endOfTarget(span, from: targetStart)
        guard targetEnd - targetStart <= limits.lineBytes else { throw .requestLineTooLong }
        guard targetEnd < count else { return nil }
        guard span[targetEnd] == Characters.space, targetEnd > targetStart else {
            let byte = span[targetEnd]
            throw byte == Characters.space || byte < 0x20 ? lineFault(byte) : .badTarget
        }
        guard let end = try parseVersion(span, from: targetEnd + 1, into: &head) else { return nil }
        guard end - 2 - start <= limits.lineBytes else { throw .requestLineTooLong }
        try parseTarget(span, targetStart..<targetEnd, into: &head)
        return end
    }

    private func lineFault(_ byte: UInt8) -> WireFault {
        byte == Characters.lf ? .bareLF : .badRequestLine
    }

    private func parseVersion(
        _ span: Span<UInt8>,
        from start: Int,
        into head: inout RequestHead
    ) throws(WireFault) -> Int? {
        guard let (version, end) = try Version.parse(span, from: start) else { return nil }
        head.version = version
        guard end < span.count else { return nil }
        guard span[end] == Characters.cr else { throw span[end] == Characters.lf ? .bareLF : .badVersion }
        guard end + 1 < span.count else { return nil }
        guard span[end + 1] == Characters.lf else { throw .bareCR }
        return end + 2
    }

    /// Origin-form, absolute-form, or `*` with OPTIONS (RFC 9112, 3.2).
    func parseTarget(
        _ span: Span<UInt8>,
        _ target: Range<Int>,
        into head: inout RequestHead
    ) throws(WireFault) {
        head.authority = ByteRange()
        let method = head.method.range
        if Scan.equals(span, method, "connect") { throw .connectMethod }
        var pathStart = target.lowerBound
        if span[pathStart] == UInt8(ascii: "*") {
            guard target.count == 1, Scan.isExactly(span, method, "OPTIONS") else { throw .asteriskForm }
        } else if span[pathStart] != UInt8(ascii: "/") {
            pathStart = try parseAuthority(span, target, into: &head)
        }
        var pathEnd = pathStart
        while pathEnd < target.upperBound, span[pathEnd] != UInt8(ascii: "?") {
            if span[pathEnd] == UInt8(ascii: "#") { throw .badTarget }
            pathEnd += 1
        }
        head.path = ByteRange(start: pathStart, count: pathEnd - pathStart)
        head.hasQuery = pathEnd < target.upperBound
        let queryStart = head.hasQuery ? pathEnd + 1 : pathEnd
        head.query = ByteRange(start: queryStart, count: target.upperBound - queryStart)
        for index in head.query.range where span[index] == UInt8(ascii: "#") { throw .badTarget }
        guard head.path.isEmpty else { return }
        // An empty path is `/` (RFC 9110, 4.2.3), which the scheme's end has. Only with OPTIONS and no query it would
        // be `*`.
        guard head.hasQuery || !Scan.isExactly(span, method, "OPTIONS") else { throw .badTarget }
        head.path = ByteRange(start: Int(head.authority.start) - 1, count: 1)
    }

    /// `scheme://authority` of an absolute-form target.
    /// - Returns: where the path or the query starts.
    private func parseAuthority(
        _ span: Span<UInt8>,
        _ target: Range<Int>,
        into head: inout RequestHead
    ) throws(WireFault) -> Int {
        var start = target.lowerBound
        if target.count > 7, Scan.equals(span, start..<start + 7, "http://") {
            start += 7
        } else if target.count > 8, Scan.equals(span, start..<start + 8, "https://") {
            start += 8
        } else {
            throw .badTarget
        }
        var end = start
        while end < target.upperBound, span[end] != UInt8(ascii: "/"), span[end] != UInt8(ascii: "?") { end += 1 }
        guard Authority.isValid(span, start..<end) else { throw .badHost }
        head.authority = ByteRange(start: start, count: end - start)
        return end
    }

    // MARK: What the header section says

    /// Exactly one valid `Host` (RFC 9112, 3.2); the authority of an absolute-form target goes before it.
    func readHost(_ span: Span<UInt8>, _ head: inout RequestHead) throws(WireFault) {
        guard let field = head.section.first(.host) else {
            guard head.version == .http10 else { throw .missingHost }
            return
        }
        var count = 0
        for field in head.section.fields where field.known == .host { count += 1 }
        guard count == 1 else { throw .duplicateHost }
        guard Authority.isValid(span, field.value.range) else { throw .badHost }
        if head.authority.isEmpty { head.authority = field.value }
    }

    private func readFraming(_ span: Span<UInt8>, _ head: inout RequestHead) throws(WireFault) {
        let framing = try FramingFields(span, &head.section, version: head.version)
        if framing.isChunked {
            head.framing = .chunked
        } else if let length = framing.contentLength {
            head.framing = .length(length)
        } else {
            head.framing = .none
        }
        head.keepsAlive = head.version == .http11 ? !framing.saysClose : framing.saysKeepAlive && !framing.saysClose
        head.expectsContinue = false
        for field in head.section.fields where field.known == .expect {
            guard Scan.equals(span, field.value.range, "100-continue") else { throw .unknownExpectation }
            head.expectsContinue = head.version == .http11 && head.framing != .none && head.framing != .length(0)
        }
    }
}

/// `HTTP/1.0` and `HTTP/1.1`.
enum Version {
    /// - Returns: the version and the offset after it, or `nil` when more bytes are needed.
    static func parse(_ span: Span<UInt8>, from start: Int) throws(WireFault) -> (HTTPVersion, Int)? {
        let expected: StaticString = "HTTP/"
        for offset in 0..<5 {
            guard start + offset < span.count else { return nil }
            guard unsafe span[start + offset] == expected.utf8Start[offset] else { throw .badVersion }
        }
        guard start + 8 <= span.count else { return nil }
        let (major, dot, minor) = (span[start + 5], span[start + 6], span[start + 7])
        guard Characters.isDigit(major), dot == UInt8(ascii: "."), Characters.isDigit(minor) else { throw .badVersion }
        guard major == UInt8(ascii: "1"), minor < UInt8(ascii: "2") else { throw .unsupportedVersion }
        return (minor == UInt8(ascii: "1") ? .http11 : .http10, start + 8)
    }
}
