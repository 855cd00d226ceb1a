public import Exchange
public import NIOCore
public import NIOHPACK

extension HPACKHeaders {
    /// The head of a request as it is written for an HTTP/1.1 backend, as the fields of an HTTP/2 request (RFC 9113, 8.3.1): so that one
    /// set of rules says what a backend is sent.
    ///
    /// - Parameters:
    ///   - head: written by the gateway, with `Host` as its first field.
    ///   - scheme: `http` or `https`.
    public init(forwarding head: ByteBuffer, scheme: String, names: FieldNameTable) {
        self.init()
        let bytes = head.readableBytesUInt8Span
        let methodEnd = Self.end(of: bytes, from: 0, at: Characters.space)
        let targetEnd = Self.end(of: bytes, from: methodEnd + 1, at: Characters.space)
        var line = Self.end(of: bytes, from: targetEnd, at: Characters.lf) + 1
        reserveCapacity(24)
        add(name: ":method", value: Self.text(head, 0..<methodEnd))
        add(name: ":scheme", value: scheme)
        add(name: ":path", value: Self.text(head, methodEnd + 1..<targetEnd), indexing: .nonIndexable)
        while line < bytes.count, bytes[line] != Characters.cr {
            let nameEnd = Self.end(of: bytes, from: line, at: Characters.colon)
            let lineEnd = Self.end(of: bytes, from: nameEnd, at: Characters.cr)
            let known = names.name(in: bytes, at: line, count: nameEnd - line)
            add(known, name: line..<nameEnd, value: nameEnd + 2..<lineEnd, of: head)
            line = lineEnd + 2
        }
    }

    private mutating func add(_ known: FieldName, name: Range<Int>, value: Range<Int>, of head: ByteBuffer) {
        let text = Self.text(head, value)
        switch known {
        case .host: add(name: ":authority", value: text)
        // The end of an HTTP/2 body is told by its frames.
        case .transferEncoding: break
        case .authorization, .cookie:
            add(name: LowerCaseNames.texts[Int(known.rawValue)], value: text, indexing: .neverIndexed)
        case .contentLength, .xRequestID:
            add(name: LowerCaseNames.texts[Int(known.rawValue)], value: text, indexing: .nonIndexable)
        case .other:
            add(name: Self.text(head, name).lowercased(), value: text, indexing: Self.indexing(of: text))
        default: add(name: LowerCaseNames.texts[Int(known.rawValue)], value: text, indexing: Self.indexing(of: text))
        }
    }

    /// What is hardly ever sent twice would only push the others out of the backend's table.
    private static func indexing(of value: String) -> HPACKIndexing {
        value.utf8.count > 96 ? .nonIndexable : .indexable
    }

    private static func end(of bytes: Span<UInt8>, from start: Int, at byte: UInt8) -> Int {
        var index = start
        while index < bytes.count, bytes[index] != byte { index += 1 }
        return index
    }

    private static func text(_ head: ByteBuffer, _ range: Range<Int>) -> String {
        head.getString(at: head.readerIndex + range.lowerBound, length: range.count) ?? ""
    }
}

extension RequestHead {
    /// Whether the client says that it takes trailers (`TE: trailers`; RFC 9110, 10.1.4).
    public var takesTrailers: Bool {
        guard section.names.has(.te) else { return false }
        let span = bytes.readableBytesUInt8Span
        var found = false
        for field in section.fields where field.known == .te {
            ListElements.forEach(span, field.value.range) { element in
                if Scan.equals(span, element, "trailers") { found = true }
            }
        }
        return found
    }
}
