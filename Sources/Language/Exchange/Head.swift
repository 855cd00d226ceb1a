public import NIOCore

/// A run of bytes inside a head.
public struct ByteRange: Sendable, Hashable {
    /// Offset from the head's first byte.
    public var start: UInt32
    /// Length in bytes.
    public var count: UInt32

    /// Makes a range.
    @inlinable public init(start: Int, count: Int) {
        self.start = UInt32(truncatingIfNeeded: start)
        self.count = UInt32(truncatingIfNeeded: count)
    }

    /// An empty range at the start.
    @inlinable public init() {
        start = 0
        count = 0
    }

    /// The same as half-open offsets.
    @inlinable public var range: Range<Int> {
        unsafe Range(uncheckedBounds: (Int(start), Int(start) + Int(count)))
    }

    /// The offset after the last byte.
    @inlinable public var end: Int { Int(start) + Int(count) }

    /// Whether there are no bytes.
    @inlinable public var isEmpty: Bool { count == 0 }
}

/// One header field: where its name and value stand, and which name it is.
public struct Field: Sendable {
    /// The name as it was sent.
    public var name: ByteRange
    /// The value without surrounding white space.
    public var value: ByteRange
    /// The name, when the gateway knows it.
    public var known: FieldName
    /// Whether the line reads exactly `name: value CRLF`, so that its bytes may be passed on as they are.
    public var isCanonical: Bool

    /// Makes a field.
    @inlinable public init(name: ByteRange, value: ByteRange, known: FieldName, isCanonical: Bool) {
        self.name = name
        self.value = value
        self.known = known
        self.isCanonical = isCanonical
    }

    /// The offset after the field's line, when it is canonical.
    @inlinable public var lineEnd: Int { value.end + 2 }

    /// Whether this is the field's name, whatever the case of its letters (RFC 9110, 5.1).
    /// - Parameter lowercased: the name in lower case.
    /// - Parameter head: the bytes that the ranges count from.
    @inlinable public func isNamed(_ lowercased: Span<UInt8>, in head: Span<UInt8>) -> Bool {
        guard Int(name.count) == lowercased.count else { return false }
        let start = Int(name.start)
        for index in 0..<lowercased.count {
            let byte = head[start + index]
            let isUpper = byte &- UInt8(ascii: "A") < 26
            if (isUpper ? byte | 0x20 : byte) != lowercased[index] { return false }
        }
        return true
    }
}

/// The header section of a message: its fields in order, and which known names occur.
public struct FieldSection: Sendable {
    /// The fields in the order in which they were sent.
    public var fields: ContiguousArray<Field> = []
    /// The known names that occur.
    public var names: FieldNameSet = []
    /// Whether `Connection` names fields that are not known to the gateway and must be removed too.
    public var connectionNamesOthers = false

    /// Makes an empty section.
    public init() {}

    /// Forgets all fields and keeps the memory.
    public mutating func removeAll() {
        fields.removeAll(keepingCapacity: true)
        names = []
        connectionNamesOthers = false
    }

    /// The first field with this name.
    public func first(_ name: FieldName) -> Field? {
        guard names.has(name) else { return nil }
        return fields.first { $0.known == name }
    }
}

/// How the end of a body is found (RFC 9112, 6).
public enum BodyFraming: Sendable, Equatable {
    /// There is no body.
    case none
    /// So many bytes, `Content-Length`.
    case length(Int)
    /// `Transfer-Encoding: chunked`.
    case chunked
    /// Until the connection closes; responses only.
    case untilClose
}

/// The version of HTTP that a message came in.
public enum HTTPVersion: UInt8, Sendable {
    case http10
    case http11
    case http2
}

/// The head of a request as it was received: bytes, and a table of where things are.
public struct RequestHead: Sendable {
    /// From the request line to the empty line, in memory of its own; ranges count from its reader index.
    public var bytes = ByteBuffer()
    /// The method's name.
    public var method = ByteRange()
    /// Whether the method is HEAD, so that the answer has no body.
    public var isHEAD = false
    /// The path without query, as received; `*` for the asterisk-form.
    public var path = ByteRange()
    /// What follows the `?`; empty when there is none.
    public var query = ByteRange()
    /// Whether there is a `?`.
    public var hasQuery = false
    /// The authority: of an absolute-form target, else the value of `Host`; empty for HTTP/1.0 without one.
    public var authority = ByteRange()
    /// The version that the client speaks.
    public var version = HTTPVersion.http11
    /// The header section.
    public var section = FieldSection()
    /// How the body is delimited.
    public var framing = BodyFraming.none
    /// Whether the connection may serve another request after this one.
    public var keepsAlive = true
    /// Whether the client waits for `100 Continue`.
    public var expectsContinue = false

    /// Makes an empty head.
    public init() {}

    /// The memory for bytes that `reset` keeps; a longer head's is given up.
    private static let keptBytes = 4_096

    /// Forgets everything and keeps the memory of the bytes and of the field table.
    public mutating func reset() {
        if bytes.storageCapacity > Self.keptBytes { bytes = ByteBuffer() } else { bytes.clear() }
        method = ByteRange()
        isHEAD = false
        path = ByteRange()
        query = ByteRange()
        hasQuery = false
        authority = ByteRange()
        version = .http11
        section.removeAll()
        framing = .none
        keepsAlive = true
        expectsContinue = false
    }
}

/// The head of a response as a backend sent it.
public struct ResponseHead: Sendable {
    /// Starts with the head, from the status line to the empty line; ranges count from its reader index.
    public var bytes = ByteBuffer()
    /// 100…599.
    public var status = 0
    /// The reason phrase, maybe empty.
    public var reason = ByteRange()
    /// The version of the status line.
    public var version = HTTPVersion.http11
    /// The header section.
    public var section = FieldSection()
    /// How the body is delimited, seen from the request's method and the status.
    public var framing = BodyFraming.none
    /// `Content-Length` as sent, also where no body follows (HEAD, 304); `nil` where it must not stand (1xx, 204).
    public var contentLength: Int?
    /// Whether the backend keeps the connection open.
    public var keepsAlive = true

    /// Makes an empty head.
    public init() {}

    /// Forgets everything and keeps the field table's memory.
    public mutating func reset() {
        bytes = ByteBuffer()
        status = 0
        reason = ByteRange()
        version = .http11
        section.removeAll()
        framing = .none
        contentLength = nil
        keepsAlive = true
    }
}

extension RequestHead {
    /// A part of the head as a buffer of its own that shares the head's memory.
    public func bytes(of range: ByteRange) -> ByteBuffer {
        bytes.getSlice(at: bytes.readerIndex + Int(range.start), length: Int(range.count)) ?? ByteBuffer()
    }

    /// The value of the first field with this name, given in lower case.
    public func value(ofField name: String) -> ByteRange? {
        let span = bytes.readableBytesUInt8Span
        let wanted = name.utf8.span
        for field in section.fields where field.isNamed(wanted, in: span) { return field.value }
        return nil
    }

    /// The same as text, for what is off the hot path. Bytes that are not UTF-8 are replaced.
    public func text(ofField name: String) -> String? {
        value(ofField: name).map { String(buffer: bytes(of: $0)) }
    }

    /// Whether the request may be sent twice without doing more than sending it once (RFC 9110, 9.2.2): by its method, or because
    /// the client says so with `Idempotency-Key`.
    public var isIdempotent: Bool {
        if section.names.has(.idempotencyKey) { return true }
        return isMethod("GET") || isMethod("HEAD") || isMethod("PUT") || isMethod("DELETE") || isMethod("OPTIONS")
    }

    private func isMethod(_ name: StaticString) -> Bool {
        let span = bytes.readableBytesUInt8Span.extracting(method.range)
        guard span.count == name.utf8CodeUnitCount else { return false }
        return name.withUTF8Buffer { expected in
            for index in 0..<span.count where unsafe span[index] != expected[index] { return false }
            return true
        }
    }
}
