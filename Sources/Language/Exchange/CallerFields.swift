public import NIOCore

/// The header fields that tell backends about the caller, and so are never taken from the caller.
public final class CallerFields: Sendable {
    /// What a field tells.
    public enum Value: Sendable, Hashable {
        case claim(String)
        case label(String)
        case customer
        case scopes
    }

    /// A field that is written for a caller of whom the value is known.
    public struct Line: Sendable, Hashable {
        /// The name with a colon and a blank after it.
        public let name: String
        /// What it tells.
        public let value: Value

        /// Makes a line for a field's name.
        public init(name: String, value: Value) {
            self.name = name + ": "
            self.value = value
        }
    }

    /// What this route tells its backend.
    public let lines: [Line]
    /// The names that are taken off requests, folded: those of all routes of the API.
    private let reserved: [[UInt8]]

    /// Makes fields.
    /// - Parameter reserved: the names that clients may not send.
    public init(lines: [Line], reserved: some Sequence<String>) {
        self.lines = lines
        self.reserved = reserved.map { $0.utf8.map(Self.folded) }
    }

    /// Whether a name reads like one of the reserved. Servers that keep fields as environment variables (CGI and its
    /// descendants) know no difference of case, nor one between `-` and `_`.
    func isReserved(_ name: Span<UInt8>) -> Bool {
        search: for candidate in reserved where candidate.count == name.count {
            for index in 0..<name.count where Self.folded(name[index]) != candidate[index] { continue search }
            return true
        }
        return false
    }

    private static func folded(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
        case UInt8(ascii: "_"): UInt8(ascii: "-")
        default: byte
        }
    }

    /// Takes the reserved fields off a request, so that nothing after this sees them.
    public func removeReserved(from head: inout RequestHead) {
        if reserved.isEmpty { return }
        let bytes = head.bytes
        let span = bytes.readableBytesUInt8Span
        var hasReserved = false
        for field in head.section.fields where isReserved(span.extracting(field.name.range)) { hasReserved = true }
        guard hasReserved else { return }
        head.section.fields.removeAll { field in
            let bytes = bytes
            return isReserved(bytes.readableBytesUInt8Span.extracting(field.name.range))
        }
        head.section.names = FieldNameSet(head.section.fields.map(\.known).filter { $0 != .other })
    }

    /// Takes the reserved fields off trailers, which are whole lines.
    /// - Returns: `nil` when nothing is left.
    public func removingReserved(from trailers: ByteBuffer?) -> ByteBuffer? {
        guard let trailers, !reserved.isEmpty else { return trailers }
        let span = trailers.readableBytesUInt8Span
        var kept = ByteBuffer()
        var start = 0
        while start < span.count {
            var end = start
            while end < span.count, span[end] != UInt8(ascii: "\n") { end += 1 }
            var colon = start
            while colon < end, span[colon] != UInt8(ascii: ":") { colon += 1 }
            let next = min(end + 1, span.count)
            if !isReserved(span.extracting(start..<colon)) {
                unsafe kept.writeBytes(span.extracting(start..<next).bytes)
            }
            start = next
        }
        return kept.readableBytes > 0 ? kept : nil
    }
}

extension Exchange {
    /// The request's trailers without the fields that only the gateway may set.
    public func withoutReserved(_ trailers: ByteBuffer?) -> ByteBuffer? {
        guard let callerFields else { return trailers }
        return callerFields.removingReserved(from: trailers)
    }
}

extension Principal {
    /// The value of a field that tells about this caller; `nil` when it is not known, or can't stand in a field (RFC 9110, 5.5).
    public func text(of value: CallerFields.Value) -> String? {
        let text: String? =
            switch value {
            case .claim(let name): claim(name)
            case .label(let name): label(name)
            case .customer: customer
            case .scopes: scopes.isEmpty ? nil : scopeText
            }
        guard let text, Self.isFieldValue(text.utf8.span) else { return nil }
        return text
    }

    private static func isFieldValue(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count > 0, bytes[0] != 0x20, bytes[bytes.count - 1] != 0x20 else { return false }
        for index in 0..<bytes.count where bytes[index] < 0x20 || bytes[index] == 0x7F { return false }
        return true
    }
}
