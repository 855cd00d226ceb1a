/// A field's lines as one value (RFC 9421, 2.1): each without spaces around it, folded lines unfolded, with `, ` between.
enum FieldValues {
    /// Appends the value of a field; nothing if the request has none.
    /// - Parameter wrapped: each line's value as a byte sequence (RFC 9421, 2.1.3), so that values that hold commas stay
    ///   apart.
    static func append(of name: [UInt8], in request: some SignableRequest, wrapped: Bool, to bytes: inout [UInt8]) {
        var collected = bytes
        bytes = []
        var isFirst = true
        request.forEachValue(ofField: name.span) { value in
            if !isFirst { collected += [UInt8(ascii: ","), UInt8(ascii: " ")] }
            isFirst = false
            guard wrapped else { return appendUnfolded(value, to: &collected) }
            var single: [UInt8] = []
            appendUnfolded(value, to: &single)
            collected.append(UInt8(ascii: ":"))
            collected += Base64.padded.encode(single)
            collected.append(UInt8(ascii: ":"))
        }
        bytes = collected
    }

    static func isPresent(_ name: [UInt8], in request: some SignableRequest) -> Bool {
        var isPresent = false
        request.forEachValue(ofField: name.span) { _ in isPresent = true }
        return isPresent
    }

    private static func appendUnfolded(_ value: Span<UInt8>, to bytes: inout [UInt8]) {
        var start = 0
        var end = value.count
        while start < end, isSpace(value[start]) || isLineEnd(value[start]) { start += 1 }
        while end > start, isSpace(value[end - 1]) || isLineEnd(value[end - 1]) { end -= 1 }
        var position = start
        while position < end {
            let fold = foldEnd(value, at: position, before: end)
            if let fold {
                while let last = bytes.last, isSpace(last), position > start { bytes.removeLast() }
                bytes.append(0x20)
                position = fold
            } else {
                bytes.append(value[position])
                position += 1
            }
        }
    }

    /// Where a folded line goes on, if a line end with spaces behind it stands here.
    private static func foldEnd(_ value: Span<UInt8>, at position: Int, before end: Int) -> Int? {
        var next = position
        if next < end, value[next] == 0x0D { next += 1 }
        guard next < end, value[next] == 0x0A else { return nil }
        next += 1
        guard next < end, isSpace(value[next]) else { return nil }
        while next < end, isSpace(value[next]) { next += 1 }
        return next
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    private static func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0D || byte == 0x0A }
}
