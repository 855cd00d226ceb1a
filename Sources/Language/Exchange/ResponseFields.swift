public import NIOCore

/// Header fields that the gateway adds to every answer of something, a version of an API for one. They replace what a backend
/// says under the same names.
public final class ResponseFields: Sendable {
    /// The fields with names in lower case, as HTTP/2 has them.
    public let fields: [ReplyField]
    /// The fields as whole lines.
    public let lines: ByteBuffer
    private let replaced: [[UInt8]]

    /// Makes fields.
    /// - Parameter kept: names, in lower case, under which a backend's values stay beside the gateway's.
    public init(_ fields: [ReplyField], keeping kept: Set<String> = []) {
        self.fields = fields.map { ReplyField($0.name.lowercased(), $0.value) }
        var lines = ByteBuffer()
        for field in fields { lines.writeString("\(field.name): \(field.value)\r\n") }
        self.lines = lines
        replaced = self.fields.map(\.name).filter { !kept.contains($0) }.map { Array($0.utf8) }
    }

    /// A backend's fields without those that are replaced.
    public func without(replacedIn section: FieldSection, of bytes: ByteBuffer) -> FieldSection {
        var section = section
        let span = bytes.readableBytesUInt8Span
        if section.fields.contains(where: { isReplaced($0, in: span) }) {
            section.fields.removeAll { field in
                let bytes = bytes
                return isReplaced(field, in: bytes.readableBytesUInt8Span)
            }
        }
        return section
    }

    private func isReplaced(_ field: Field, in head: Span<UInt8>) -> Bool {
        for name in replaced where field.isNamed(name.span, in: head) { return true }
        return false
    }
}
