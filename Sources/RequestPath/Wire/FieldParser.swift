import Exchange

/// Parses a header or trailer section (RFC 9112, 5), strictly.
struct FieldParser {
    let names: FieldNameTable
    let maximumCount: Int

    /// Parses the section that starts at `start` into `section`.
    /// - Returns: the offset after the empty line, or `nil` when more bytes are needed.
    func parse(_ span: Span<UInt8>, from start: Int, into section: inout FieldSection) throws(WireFault) -> Int? {
        var index = start
        let count = span.count
        while index < count {
            let first = span[index]
            if first == Characters.cr {
                guard index + 1 < count else { return nil }
                guard span[index + 1] == Characters.lf else { throw .bareCR }
                return index + 2
            }
            guard let next = try parseField(span, from: index, into: &section) else { return nil }
            index = next
        }
        return nil
    }

    @inline(__always)
    private func parseField(
        _ span: Span<UInt8>,
        from start: Int,
        into section: inout FieldSection
    ) throws(WireFault) -> Int? {
        let count = span.count
        var index = start
        while index < count, Characters.isToken(span[index]) { index += 1 }
        guard index < count else { return nil }
        guard span[index] == Characters.colon, index > start else { throw nameFault(span, from: start, to: index) }
        let nameEnd = index
        index += 1
        while index < count, span[index] == Characters.space || span[index] == Characters.tab { index += 1 }
        let valueStart = index
        index = Scan.endOfFieldValue(span, from: index)
        guard index + 1 < count else { return index < count ? try valueFault(span[index]) : nil }
        guard span[index] == Characters.cr else { return try valueFault(span[index]) }
        guard span[index + 1] == Characters.lf else { throw .bareCR }
        var valueEnd = index
        while valueEnd > valueStart,
            span[valueEnd - 1] == Characters.space || span[valueEnd - 1] == Characters.tab
        {
            valueEnd -= 1
        }
        guard section.fields.count < maximumCount else { throw .tooManyFields }
        let known = names.name(in: span, at: start, count: nameEnd - start)
        section.names.formUnion(FieldNameSet(known))
        section.fields.append(
            Field(
                name: ByteRange(start: start, count: nameEnd - start),
                value: ByteRange(start: valueStart, count: valueEnd - valueStart),
                known: known,
                isCanonical: valueEnd == index && valueStart == nameEnd + 2 && span[nameEnd + 1] == Characters.space
            )
        )
        return index + 2
    }

    /// The byte after a name is not a colon, or there is no name.
    private func nameFault(_ span: Span<UInt8>, from start: Int, to index: Int) -> WireFault {
        switch span[index] {
        case Characters.colon: .emptyFieldName
        case Characters.lf: .bareLF
        case Characters.space, Characters.tab: index == start ? .obsoleteFold : .spaceBeforeColon
        default: .badFieldName
        }
    }

    /// A value does not end in CR: it is the last byte so far, or it is a fault.
    private func valueFault(_ byte: UInt8) throws(WireFault) -> Int? {
        switch byte {
        case Characters.cr: return nil
        case Characters.lf: throw .bareLF
        default: throw .badFieldValue
        }
    }
}

/// What `Connection`, `Content-Length` and `Transfer-Encoding` say together; the part of framing that requests and
/// responses share.
struct FramingFields {
    var contentLength: Int?
    var isChunked = false
    var saysClose = false
    var saysKeepAlive = false

    /// Reads the three fields of a section.
    init(_ span: Span<UInt8>, _ section: inout FieldSection, version: HTTPVersion) throws(WireFault) {
        let names = section.names
        guard !names.isDisjoint(with: Self.all) else { return }
        if names.has(.contentLength) { contentLength = try Self.contentLength(span, section) }
        if names.has(.transferEncoding) {
            guard version == .http11 else { throw .transferEncodingInHTTP10 }
            guard contentLength == nil else { throw .lengthAndTransferEncoding }
            try Self.checkTransferEncoding(span, section)
            isChunked = true
        }
        if names.has(.connection) { try readConnection(span, &section) }
    }

    private static let all = FieldNameSet([.contentLength, .transferEncoding, .connection])

    /// Bytes that `Connection` may take in all. The writer compares every field with every option, so without a bound a
    /// head of options would cost a hundred times what other heads of its size cost.
    private static let longestConnection = 1_024

    /// 1*DIGIT, at most 18 of them, in one field (RFC 9110, 8.6, without its leniency for equal repetitions).
    private static func contentLength(_ span: Span<UInt8>, _ section: FieldSection) throws(WireFault) -> Int {
        var found: Int?
        for field in section.fields where field.known == .contentLength {
            guard found == nil else { throw .duplicateContentLength }
            guard (1...18).contains(field.value.count) else { throw .badContentLength }
            var length = 0
            for index in field.value.range {
                guard Characters.isDigit(span[index]) else { throw .badContentLength }
                length = length * 10 + Int(span[index] - 48)
            }
            found = length
        }
        return found ?? 0
    }

    /// `chunked` alone is accepted. A list that ends otherwise has no certain end of the body, which is the sender's
    /// fault; one that ends in it after other codings is only more than is spoken here (RFC 9112, 6.1 and 6.3).
    private static func checkTransferEncoding(_ span: Span<UInt8>, _ section: FieldSection) throws(WireFault) {
        var endsInChunked = false
        var hasOthers = false
        var isSound = true
        for field in section.fields where field.known == .transferEncoding {
            ListElements.forEach(span, field.value.range) { element in
                if endsInChunked || element.isEmpty { isSound = false }
                endsInChunked = Scan.equals(span, element, "chunked")
                if !endsInChunked { hasOthers = true }
            }
        }
        guard isSound, endsInChunked else { throw .badTransferEncoding }
        guard !hasOthers else { throw .unsupportedTransferCoding }
    }

    private mutating func readConnection(_ span: Span<UInt8>, _ section: inout FieldSection) throws(WireFault) {
        var length = 0
        for field in section.fields where field.known == .connection {
            length += Int(field.value.count)
            guard length <= Self.longestConnection else { throw .headTooLarge }
            ListElements.forEach(span, field.value.range) { element in
                if Scan.equals(span, element, "close") {
                    saysClose = true
                } else if Scan.equals(span, element, "keep-alive") {
                    saysKeepAlive = true
                } else if !element.isEmpty {
                    section.connectionNamesOthers = true
                }
            }
        }
    }
}

/// The elements of a comma-separated list (RFC 9110, 5.6.1), without surrounding white space.
enum ListElements {
    static func forEach(_ span: Span<UInt8>, _ range: Range<Int>, _ body: (Range<Int>) -> Void) {
        var start = range.lowerBound
        while start <= range.upperBound {
            var end = start
            while end < range.upperBound, span[end] != UInt8(ascii: ",") { end += 1 }
            var (first, last) = (start, end)
            while first < last, span[first] == Characters.space || span[first] == Characters.tab { first += 1 }
            while last > first, span[last - 1] == Characters.space || span[last - 1] == Characters.tab { last -= 1 }
            body(first..<last)
            start = end + 1
        }
    }
}
