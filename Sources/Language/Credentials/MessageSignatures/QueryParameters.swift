/// Parameters of a query as forms encode them, for `@query-param` (RFC 9421, 2.2.8).
enum QueryParameters {
    /// The value of a parameter, decoded and encoded anew.
    /// - Parameter name: encoded as such names are in a signature.
    /// - Returns: `nil` if the query has no such parameter, several (the RFC forbids to sign these), or bytes in it that
    ///   are no UTF-8.
    static func onlyValue(of name: [UInt8], in query: [UInt8]) -> [UInt8]? {
        var found: [UInt8]?
        for pair in query.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let written = reencoded(parts[0]) else { return nil }
            guard written == name else { continue }
            guard found == nil, let value = reencoded(parts.count == 2 ? parts[1] : []) else { return nil }
            found = value
        }
        return found
    }

    private static func reencoded(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var decoded: [UInt8] = []
        var position = text.startIndex
        while position < text.endIndex {
            let byte = text[position]
            position += 1
            if byte == UInt8(ascii: "+") {
                decoded.append(0x20)
            } else if byte == UInt8(ascii: "%"), position + 1 < text.endIndex,
                let high = text[position].hexValue, let low = text[position + 1].hexValue
            {
                decoded.append(high << 4 | low)
                position += 2
            } else {
                decoded.append(byte)
            }
        }
        guard isUTF8(decoded.span) else { return nil }
        var encoded: [UInt8] = []
        encoded.reserveCapacity(decoded.count)
        for byte in decoded {
            if byte.isLetter || byte.isDigit || "*-._".utf8.contains(byte) {
                encoded.append(byte)
            } else {
                encoded += [UInt8(ascii: "%"), hexDigits[Int(byte >> 4)], hexDigits[Int(byte & 15)]]
            }
        }
        return encoded
    }

    private static let hexDigits = Array("0123456789ABCDEF".utf8)
}
