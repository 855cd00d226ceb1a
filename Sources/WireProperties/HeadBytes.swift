import Exchange
import NIOCore
import Wire

/// Reads ranges of a head as arrays, and holds them to its bounds.
struct HeadBytes {
    let bytes: [UInt8]

    private static let known = Dictionary(
        uniqueKeysWithValues: FieldName.allCases.filter { $0 != .other }.map { ("\($0.text)", $0) }
    )

    func read(_ range: ByteRange, _ what: String) throws(Violation) -> [UInt8] {
        try hold(range.end <= bytes.count, "\(what) \(range) ends behind the head of \(bytes.count) bytes")
        return Array(bytes[range.range])
    }

    /// The fields of a section, after a check of what the table says besides the ranges.
    func read(_ section: FieldSection) throws(Violation) -> [FieldLine] {
        var names: FieldNameSet = []
        var lines: [FieldLine] = []
        for field in section.fields {
            let line = try FieldLine(name: read(field.name, "name"), value: read(field.value, "value"))
            let known = Self.known[line.key] ?? .other
            try hold(field.known == known, "\(line.name.quoted) was recognised as \(field.known)")
            if field.isCanonical {
                let written = line.name + Array(": ".utf8) + line.value + Array("\r\n".utf8)
                let whole = ByteRange(start: Int(field.name.start), count: field.lineEnd - Int(field.name.start))
                try hold(try read(whole, "line") == written, "\(line.name.quoted) is not canonical")
            }
            names.formUnion(FieldNameSet(known))
            lines.append(line)
        }
        try hold(section.names == names, "the set of names is not that of the fields")
        return lines
    }
}

/// The fields that are passed on, by the plain words of RFC 9110, 7.6.1: what the writer is compared with.
public func endToEnd(_ fields: [FieldLine], without dropped: [String] = []) -> [FieldLine] {
    var removed: Set = [
        "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
        "content-length",
    ]
    removed.formUnion(dropped)
    for field in fields where field.key == "connection" {
        let options = String(decoding: field.value, as: UTF8.self).lowercased().split(separator: ",")
        for option in options { removed.insert(option.trimming { $0 == " " || $0 == "\t" }) }
    }
    return fields.filter { !removed.contains($0.key) }
}

extension Substring {
    func trimming(_ isTrimmed: (Character) -> Bool) -> String {
        String(drop(while: isTrimmed).reversed().drop(while: isTrimmed).reversed())
    }
}

extension ByteBuffer {
    /// Ends a head: framing, connection and the empty line, as the two sides of the gateway do it.
    mutating func endHead(_ framing: BodyFraming, length: Int?, version: HTTPVersion, keepsAlive: Bool) {
        if framing == .chunked {
            writeStaticString("Transfer-Encoding: chunked\r\n")
        } else if let length {
            writeStaticString("Content-Length: ")
            writeDecimal(length)
            writeStaticString("\r\n")
        }
        if version == .http11, !keepsAlive { writeStaticString("Connection: close\r\n") }
        if version == .http10, keepsAlive { writeStaticString("Connection: keep-alive\r\n") }
        writeStaticString("\r\n")
    }
}
