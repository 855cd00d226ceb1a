/// `uri-host [":" port]` (RFC 3986, 3.2), without user information, percent-encoding and the delimiters that a
/// registered name could have: no host on the Internet has them, and others read them in different ways.
enum Authority {
    static func isValid(_ span: Span<UInt8>, _ range: Range<Int>) -> Bool {
        var index = range.lowerBound
        let end = range.upperBound
        guard index < end else { return false }
        if span[index] == UInt8(ascii: "[") {
            index += 1
            let start = index
            while index < end, span[index] != UInt8(ascii: "]") { index += 1 }
            guard index < end, isAddress6(span, start..<index) else { return false }
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

    /// `IPv6address` (RFC 3986, 3.2.2): eight groups of hex digits, of which `::` may stand for one or more and a
    /// dotted IPv4 address for the last two.
    private static func isAddress6(_ span: Span<UInt8>, _ range: Range<Int>) -> Bool {
        var groups = 0
        var isShortened = false
        var index = range.lowerBound
        let end = range.upperBound
        func isColon(_ at: Int) -> Bool { at < end && span[at] == Characters.colon }
        if isColon(index), !isColon(index + 1) { return false }
        while index < end {
            if isColon(index), isColon(index + 1) {
                guard !isShortened else { return false }
                isShortened = true
                index += 2
                if isColon(index) { return false }
                continue
            }
            if isColon(index) { index += 1 }
            let start = index
            while index < end, Characters.hexValue(span[index]) != nil { index += 1 }
            if index < end, span[index] == UInt8(ascii: ".") {
                guard isAddress4(span, start..<end) else { return false }
                groups += 2
                break
            }
            guard (1...4).contains(index - start), index == end || isColon(index) else { return false }
            groups += 1
        }
        return isShortened ? groups < 8 : groups == 8
    }

    /// Four numbers of 0…255 without leading zeros (RFC 3986, 3.2.2).
    private static func isAddress4(_ span: Span<UInt8>, _ range: Range<Int>) -> Bool {
        var octets = 1
        var octet = 0
        var digits = 0
        for index in range {
            let byte = span[index]
            if byte == UInt8(ascii: ".") {
                guard digits > 0, octets < 4 else { return false }
                (octets, octet, digits) = (octets + 1, 0, 0)
            } else {
                guard Characters.isDigit(byte), digits == 0 || octet > 0 else { return false }
                octet = octet * 10 + Int(byte - 48)
                digits += 1
                guard octet <= 255 else { return false }
            }
        }
        return octets == 4 && digits > 0
    }
}
