public import Exchange
public import NIOCore
public import NIOHPACK

extension HPACKHeaders {
    /// The fields of a backend's response as those of HTTP/2 (RFC 9113, 8.3.2): names in lower case, without those in `dropped` and
    /// those that `Connection` names.
    /// - Parameters:
    ///   - section: the fields that are passed on, which stand in `bytes`.
    ///   - more: how many fields there will be room for besides.
    public init(
        status: Int,
        _ section: borrowing FieldSection,
        of bytes: ByteBuffer,
        dropping dropped: FieldNameSet,
        roomFor more: Int
    ) {
        self.init()
        reserveCapacity(section.fields.count + 1 + more)
        add(name: ":status", value: StatusText.of(status))
        for index in 0..<section.fields.count {
            let field = section.fields[index]
            if dropped.has(field.known) { continue }
            if section.connectionNamesOthers, section.isNamedByConnection(field, of: bytes) { continue }
            add(field, of: bytes)
        }
    }

    /// The trailer lines that a `TrailerFilter` let through, as fields of HTTP/2.
    public init(trailers lines: ByteBuffer, names: FieldNameTable) {
        self.init()
        var section = FieldSection()
        var ended = lines
        ended.writeStaticString("\r\n")
        let parser = FieldParser(names: names, maximumCount: .max)
        guard (try? parser.parse(ended.readableBytesUInt8Span, from: 0, into: &section)) != nil else { return }
        for field in section.fields { add(field, of: ended) }
    }

    /// Bytes that the fields take as HPACK literals at most, by which it is known whether one frame can hold them.
    public var mostEncodedBytes: Int {
        var count = 0
        for (name, value, _) in self {
            count += 8 + name.utf8.count
            for byte in value.utf8 { count += byte < 0x7B && byte >= 0x20 && byte != 0x5C ? 2 : 4 }
        }
        return count
    }

    private mutating func add(_ field: Field, of bytes: ByteBuffer) {
        let value =
            bytes.getString(at: bytes.readerIndex + Int(field.value.start), length: Int(field.value.count)) ?? ""
        // What is hardly ever sent twice would only push the others out of the client's table.
        let indexing: HPACKIndexing =
            field.known == .contentLength || field.value.count > 96 ? .nonIndexable : .indexable
        add(name: Self.name(of: field, in: bytes), value: value, indexing: indexing)
    }

    private static func name(of field: Field, in bytes: ByteBuffer) -> String {
        if field.known != .other { return LowerCaseNames.texts[Int(field.known.rawValue)] }
        let name = bytes.getString(at: bytes.readerIndex + Int(field.name.start), length: Int(field.name.count)) ?? ""
        return name.utf8.contains { $0 &- UInt8(ascii: "A") < 26 } ? name.lowercased() : name
    }
}

/// The known names as texts, made once.
enum LowerCaseNames {
    static let texts = FieldName.allCases.map { "\($0.text)" }
}

/// The value of `:status`.
public enum StatusText {
    private static let texts = (0...599).map { "\($0)" }

    /// The text of a status, which is one from 100 to 599.
    public static func of(_ status: Int) -> String {
        texts.indices.contains(status) ? texts[status] : "500"
    }
}
