import Exchange
import Model
import NIOCore

/// Finds the one place of a request that carries a token, a key or a password.
struct CredentialField: Sendable {
    enum Found {
        case nothing
        /// More than one, and no telling which was meant.
        case several
        /// Where the value stands in the head.
        case value(ByteRange)
        /// A value that was percent-encoded.
        case decoded([UInt8])
    }

    private enum Place {
        case known(FieldName)
        case field([UInt8])
        case query([UInt8])
    }

    private let place: Place

    init(_ place: CredentialPlace) {
        switch place {
        case .header("authorization"): self.place = .known(.authorization)
        case .header(let name): self.place = .field(Array(name.utf8))
        case .query(let name): self.place = .query(Array(name.utf8))
        }
    }

    func find(in head: RequestHead) -> Found {
        switch place {
        case .known(let name):
            guard head.section.names.has(name) else { return .nothing }
            var found: ByteRange?
            for field in head.section.fields where field.known == name {
                if found != nil { return .several }
                found = field.value
            }
            return found.map { .value($0) } ?? .nothing
        case .field(let name): return find(field: name, in: head)
        case .query(let name): return find(parameter: name, in: head)
        }
    }

    private func find(field name: [UInt8], in head: RequestHead) -> Found {
        let bytes = head.bytes
        let span = bytes.readableBytesUInt8Span
        var found: ByteRange?
        for field in head.section.fields where field.isNamed(name.span, in: span) {
            if found != nil { return .several }
            found = field.value
        }
        return found.map { .value($0) } ?? .nothing
    }

    /// Names of parameters are compared as they are decoded, so that no spelling hides a second one.
    private func find(parameter name: [UInt8], in head: RequestHead) -> Found {
        guard head.hasQuery else { return .nothing }
        let bytes = head.bytes
        let query = bytes.readableBytesUInt8Span.extracting(head.query.range)
        var found: [UInt8]?
        var start = 0
        while start <= query.count {
            var end = start
            while end < query.count, query[end] != UInt8(ascii: "&") { end += 1 }
            var equals = start
            while equals < end, query[equals] != UInt8(ascii: "=") { equals += 1 }
            if PercentEncoding.decoded(query.extracting(start..<equals), plusIsBlank: true) == name {
                if found != nil { return .several }
                let value = query.extracting(min(equals + 1, end)..<end)
                if let decoded = PercentEncoding.decoded(value, plusIsBlank: true) {
                    found = decoded
                } else {
                    // What can't be decoded stays as it is, which no key and no token is.
                    found = unsafe value.withUnsafeBytes { unsafe [UInt8]($0) }
                }
            }
            start = end + 1
        }
        guard let found, !found.isEmpty else { return .nothing }
        return .decoded(found)
    }
}
