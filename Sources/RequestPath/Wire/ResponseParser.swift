public import Exchange
public import NIOCore

/// Parses the head of a backend's response (RFC 9112) as strictly as a request's.
public struct ResponseParser: Sendable {
    let limits: HeadLimits
    private let fields: FieldParser

    /// Makes a parser.
    public init(limits: HeadLimits, names: FieldNameTable) {
        self.limits = limits
        fields = FieldParser(names: names, maximumCount: limits.fieldCount)
    }

    /// Parses the head at the buffer's reader index into `head`, whose ranges then count from there. The buffer is not
    /// changed, and `head.bytes` is set by the caller.
    ///
    /// - Parameters:
    ///   - scanned: bytes that an earlier call found to hold no empty line; 0 at first.
    ///   - toHEAD: whether the request's method was HEAD, so that no body follows.
    /// - Throws: the first fault; see `RequestParser.parse` for a head that comes in pieces.
    public func parse(
        _ buffer: ByteBuffer,
        scanned: Int,
        toHEAD: Bool,
        into head: inout ResponseHead
    ) throws(WireFault) -> RequestParser.Progress {
        let span = buffer.readableBytesUInt8Span
        if scanned > 0, !Scan.hasEmptyLine(span, from: max(scanned - 3, 0)) {
            guard span.count <= limits.headBytes else { throw .headTooLarge }
            return .incomplete
        }
        head.section.removeAll()
        guard let lineEnd = try parseStatusLine(span, into: &head),
            let end = try fields.parse(span, from: lineEnd, into: &head.section)
        else {
            guard span.count <= limits.headBytes else { throw .headTooLarge }
            return .incomplete
        }
        guard end <= limits.headBytes else { throw .headTooLarge }
        try readFraming(span, toHEAD: toHEAD, &head)
        return .complete(end)
    }

    /// `HTTP-version SP status-code SP [reason-phrase] CRLF` (RFC 9112, 4). The second space may be missing, as many
    /// servers do it.
    private func parseStatusLine(_ span: Span<UInt8>, into head: inout ResponseHead) throws(WireFault) -> Int? {
        guard let (version, versionEnd) = try Version.parse(span, from: 0) else { return nil }
        head.version = version
        guard versionEnd + 5 <= span.count else { return nil }
        guard span[versionEnd] == Characters.space else { throw .badStatusLine }
        var status = 0
        for index in versionEnd + 1..<versionEnd + 4 {
            guard Characters.isDigit(span[index]) else { throw .badStatusLine }
            status = status * 10 + Int(span[index] - 48)
        }
        guard (100...599).contains(status) else { throw .badStatusLine }
        head.status = status
        var index = versionEnd + 4
        if span[index] == Characters.space {
            index += 1
        } else if span[index] != Characters.cr {
            throw .badStatusLine
        }
        let reasonStart = index
        index = Scan.endOfFieldValue(span, from: index)
        guard index < span.count else { return nil }
        guard span[index] == Characters.cr else { throw span[index] == Characters.lf ? .bareLF : .badStatusLine }
        guard index + 1 < span.count else { return nil }
        guard span[index + 1] == Characters.lf else { throw .bareCR }
        head.reason = ByteRange(start: reasonStart, count: index - reasonStart)
        return index + 2
    }

    /// RFC 9112, 6.3, without its leniency for a Content-Length beside a Transfer-Encoding.
    private func readFraming(_ span: Span<UInt8>, toHEAD: Bool, _ head: inout ResponseHead) throws(WireFault) {
        let framing = try FramingFields(span, &head.section, version: head.version)
        // These never have content and must not say how long it is; a backend that does may send it nevertheless.
        let neverHasBody = head.status < 200 || head.status == 204
        let contradictsItself = neverHasBody && (framing.isChunked || (framing.contentLength ?? 0) > 0)
        head.contentLength = neverHasBody ? nil : framing.contentLength
        if neverHasBody || toHEAD || head.status == 304 {
            head.framing = .none
        } else if framing.isChunked {
            head.framing = .chunked
        } else if let length = framing.contentLength {
            head.framing = .length(length)
        } else {
            head.framing = .untilClose
        }
        let saysOpen = head.version == .http11 ? !framing.saysClose : framing.saysKeepAlive && !framing.saysClose
        head.keepsAlive = saysOpen && head.framing != .untilClose && !contradictsItself
    }
}
