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

    private let limits: HeadLimits
    private let fields: FieldParser

    /// Makes a parser.
    public init(limits: HeadLimits, names: FieldNameTable) {
        self.limits = limits
        fields = FieldParser(names: names, maximumCount: limits.fieldCount)
    }

    /// Parses the head at the buffer's reader index into `head`, whose ranges then count from there. The buffer is not changed,
    /// and `head.bytes` is set by the caller.
    ///
    /// - Parameter scanned: bytes that an earlier call found to hold no empty line; 0 at first.
    /// - Throws: the first fault, as soon as it can be seen.
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
        var index = 0
        while index < span.count, span[index] != Characters.lf { index += 1 }
        if index > limits.lineBytes { throw .requestLineTooLong }
        if span.count > limits.headBytes { throw .headTooLarge }
    }

    // MARK: The request line

    /// `method SP request-target SP HTTP-version CRLF` (RFC 9112, 3).
    /// - Returns: the offset after the line, or `nil` when more bytes are needed.
    private func parseRequestLine(_ span: Span<UInt8>, into head: inout RequestHead) throws(WireFault) -> Int? {
        let count = span.count
        var index = 0
        while index < count, Characters.isToken(span[index]) { index += 1 }
        guard index < count else { return nil }
        guard index > 0, span[index] == Characters.space else { throw lineFault(span[index]) }
        head.method = ByteRange(start: 0, count: index)
        head.isHEAD = index == 4 && span[0] == UInt8(ascii: "H") && span[1] == UInt8(ascii: "E")
            && span[2] == UInt8(ascii: "A") && span[3] == UInt8(ascii: "D")
        let targetStart = index + 1
        let targetEnd = Scan.endOfTarget(span, from: targetStart)
        guard targetEnd - targetStart <= limits.lineBytes else { throw .requestLineTooLong }
        guard targetEnd < count else { return nil }
        guard span[targetEnd] == Characters.space, targetEnd > targetStart else {
            let byte = span[targetEnd]
            throw byte == Characters.space || byte < 0x20 ? lineFault(byte) : .badTarget
        }
        guard let end = try parseVersion(span, from: targetEnd + 1, into: &head) else { return nil }
        guard end - 2 <= limits.lineBytes else { throw .requestLineTooLong }
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
        guard end + 1 < span.count else { return nil }
        guard span[end] == Characters.cr else { throw span[end] == Characters.lf ? .bareLF : .badVersion }
        guard span[end + 1] == Characters.lf else { throw .bareCR }
        return end + 2
    }

    /// Origin-form, absolute-form, or `*` with OPTIONS (RFC 9112, 3.2).
    private func parseTarget(
        _ span: Span<UInt8>,
        _ target: Range<Int>,
        into head: inout RequestHead
    ) throws(WireFault) {
        let method = head.method.range
        if method.count == 7, Scan.equals(span, method, "connect") { throw .connectMethod }
        head.authority = ByteRange()
        var pathStart = target.lowerBound
        if span[pathStart] == UInt8(ascii: "*") {
            guard target.count == 1, Scan.equals(span, method, "options") else { throw .asteriskForm }
        } else if span[pathStart] != UInt8(ascii: "/") {
            pathStart = try parseAuthority(span, target, into: &head)
        }
        var query = pathStart
        while query < target.upperBound, span[query] != UInt8(ascii: "?") {
            if span[query] == UInt8(ascii: "#") { throw .badTarget }
            query += 1
        }
        head.path = ByteRange(start: pathStart, count: query - pathStart)
        head.hasQuery = query < target.upperBound
        let queryStart = head.hasQuery ? query + 1 : query
        head.query = ByteRange(start: queryStart, count: target.upperBound - queryStart)
        for index in queryStart..<target.upperBound where span[index] == UInt8(ascii: "#") { throw .badTarget }
    }

    /// `http://authority` of an absolute-form target.
    /// - Returns: where the path starts; an absolute-form without one is refused, since there is nothing to match.
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
        while end < target.upperBound, span[end] != UInt8(ascii: "/") { end += 1 }
        guard end < target.upperBound else { throw .badTarget }
        guard Authority.isValid(span, start..<end) else { throw .badHost }
        head.authority = ByteRange(start: start, count: end - start)
        return end
    }

    // MARK: What the header section says

    /// Exactly one valid `Host` (RFC 9112, 3.2); the authority of an absolute-form target goes before it.
    private func readHost(_ span: Span<UInt8>, _ head: inout RequestHead) throws(WireFault) {
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

/// `uri-host [":" port]` (RFC 3986, 3.2), without user information and percent-encoding.
enum Authority {
    static func isValid(_ span: Span<UInt8>, _ range: Range<Int>) -> Bool {
        var index = range.lowerBound
        let end = range.upperBound
        guard index < end else { return false }
        if span[index] == UInt8(ascii: "[") {
            index += 1
            let start = index
            while index < end, isAddress6(span[index]) { index += 1 }
            guard index > start + 1, index < end, span[index] == UInt8(ascii: "]") else { return false }
            index += 1
        } else {
            while index < end, Characters.isHostName(span[index]) { index += 1 }
            guard index > range.lowerBound else { return false }
        }
        if index == end { return true }
        guard span[index] == Characters.colon else { return false }
        var port = 0
        for digit in index + 1..<end {
            guard Characters.isDigit(span[digit]) else { return false }
            port = port * 10 + Int(span[digit] - 48)
            guard port <= 65_535 else { return false }
        }
        return true
    }

    private static func isAddress6(_ byte: UInt8) -> Bool {
        Characters.hexValue(byte) != nil || byte == Characters.colon || byte == UInt8(ascii: ".")
    }
}
