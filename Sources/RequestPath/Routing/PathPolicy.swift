/// Why a path is refused before any route is looked at. The raw value is the stable cause in logs and metrics.
public enum PathFault: String, Error, Sendable, CaseIterable {
    /// The path does not start with `/`.
    case notAbsolute = "path.not-absolute"
    /// A byte that no URI path has (RFC 3986, 3.3): a control, space, `"`, `#`, `<`, `>`, `?`, `\`, `` ` ``, `{`, `}`,
    /// or one outside ASCII.
    case invalidByte = "path.invalid-byte"
    /// A `%` without two hexadecimal digits.
    case badEscape = "path.bad-escape"
    /// `%00`.
    case nul = "path.nul"
    /// A segment `.` or `..` in any spelling.
    case dotSegment = "path.dot-segment"
    /// `%5C`, which some servers read as `/`.
    case backslash = "path.backslash"
    /// A raw `;`, behind which some servers cut a segment off.
    case parameter = "path.parameter"
    /// `%2F` for an API that does not let it through.
    case encodedSlash = "path.encoded-slash"
}

/// A path that the policy let through.
public struct NormalizedPath: Sendable, Equatable {
    /// The canonical bytes, or `nil` when the path was canonical as it came.
    public let rewritten: [UInt8]?
    /// Whether a segment has `%2F` in it. Only an API that allows this may be given the request.
    public let hasEncodedSlash: Bool
}

/// The one rule of what a path may look like: what is matched is what is forwarded, and nothing climbs out of its base.
///
/// Canonical form (RFC 3986, 6.2.2): escapes of unreserved bytes decoded, other escapes in upper case, runs of slashes
/// merged. Nothing is decoded twice, and dot segments are refused rather than resolved, since the backend may resolve
/// them differently. `docs/routing.md` lists the spellings.
public enum PathPolicy {
    /// Brings a path (without query) into canonical form. Free of allocation for a path that has no escape, no doubled
    /// slash and no segment that starts with a dot.
    /// - Throws: the first fault from the left.
    public static func normalize(_ path: Span<UInt8>) throws(PathFault) -> NormalizedPath {
        if isPlainlyCanonical(path) { return NormalizedPath(rewritten: nil, hasEncodedSlash: false) }
        var canonicalizer = PathCanonicalizer(capacity: path.count)
        return try canonicalizer.canonicalize(path)
    }

    /// Brings one literal segment of a template or base path into the form that it has in a canonical path.
    static func normalize(
        segment: String,
        allowingEncodedSlash allowsEncodedSlash: Bool
    ) throws(PathFault) -> [UInt8] {
        var path: [UInt8] = [.slash]
        path.append(contentsOf: segment.utf8)
        let normalized = try normalize(path.span)
        guard allowsEncodedSlash || !normalized.hasEncodedSlash else { throw .encodedSlash }
        return Array((normalized.rewritten ?? path).dropFirst())
    }

    /// True only of canonical paths; false of the few whose form takes a closer look, too.
    private static func isPlainlyCanonical(_ path: Span<UInt8>) -> Bool {
        guard path.count > 0, path[0] == .slash else { return false }
        let plain = ByteSet.plainPathBytes
        var followsSlash = true
        for index in 1..<path.count {
            let byte = path[index]
            guard plain.contains(byte), !(followsSlash && (byte == .slash || byte == .dot)) else { return false }
            followsSlash = byte == .slash
        }
        return true
    }
}

/// The rewriting half of the policy: one pass over a path, from the left.
private struct PathCanonicalizer {
    private var output: [UInt8] = []
    private var isRewritten = false
    private var hasEncodedSlash = false
    /// The dots of the piece at hand while it has nothing else, or `nil`. A piece is what stands between two bytes that
    /// a backend might take for separators: a segment, or a part of one before `;`, `%2F` or `%5C`.
    private var dots: Int? = 0

    init(capacity: Int) { output.reserveCapacity(capacity) }

    mutating func canonicalize(_ path: Span<UInt8>) throws(PathFault) -> NormalizedPath {
        guard path.count > 0, path[0] == .slash else { throw .notAbsolute }
        let plain = ByteSet.plainPathBytes
        var index = 0
        while index < path.count {
            let byte = path[index]
            index += 1
            switch byte {
            case .slash:
                try endPiece()
                if output.last == .slash { isRewritten = true } else { output.append(.slash) }
            case .percent:
                guard index + 1 < path.count, let high = path[index].hexValue, let low = path[index + 1].hexValue
                else { throw .badEscape }
                try takeEscape(of: high << 4 | low, spelledInUpperCase: path[index] < 0x61 && path[index + 1] < 0x61)
                index += 2
            case .semicolon:
                try endPiece()
                throw .parameter
            case _ where plain.contains(byte):
                takePlain(byte)
            default:
                throw .invalidByte
            }
        }
        try endPiece()
        return NormalizedPath(rewritten: isRewritten ? output : nil, hasEncodedSlash: hasEncodedSlash)
    }

    private mutating func takeEscape(of byte: UInt8, spelledInUpperCase isUpperCase: Bool) throws(PathFault) {
        if ByteSet.unreserved.contains(byte) {
            isRewritten = true
            takePlain(byte)
            return
        }
        switch byte {
        case 0:
            throw .nul
        case .backslash:
            try endPiece()
            throw .backslash
        case .slash:
            try endPiece()
            hasEncodedSlash = true
        case .semicolon:
            try endPiece()
            dots = nil
        default:
            dots = nil
        }
        if !isUpperCase { isRewritten = true }
        output.append(.percent)
        output.append((byte >> 4).hexDigit)
        output.append((byte & 0xF).hexDigit)
    }

    private mutating func takePlain(_ byte: UInt8) {
        dots = byte == .dot ? dots.map { $0 + 1 } : nil
        output.append(byte)
    }

    private mutating func endPiece() throws(PathFault) {
        if dots == 1 || dots == 2 { throw .dotSegment }
        dots = 0
    }
}
