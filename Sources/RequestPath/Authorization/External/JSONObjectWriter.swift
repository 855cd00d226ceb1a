import Exchange
import NIOCore

/// Writes JSON objects, member after member.
struct JSONObjectWriter {
    private(set) var bytes = ByteBuffer()
    private var needsComma = false

    /// An object as a whole.
    static func object(_ body: (inout JSONObjectWriter) -> Void) -> ByteBuffer {
        var writer = JSONObjectWriter()
        writer.bracketed("{", "}", body)
        return writer.bytes
    }

    /// A member that is an object.
    mutating func object(_ name: String, _ body: (inout JSONObjectWriter) -> Void) {
        self.name(name)
        bracketed("{", "}", body)
    }

    /// A member that is a list of texts.
    mutating func list(_ name: String, _ texts: [String]) {
        self.name(name)
        bracketed("[", "]") { writer in
            for text in texts {
                writer.comma()
                writer.bytes.writeJSONString(text)
            }
        }
    }

    /// A member that is a text.
    mutating func text(_ name: String, _ value: String) {
        self.name(name)
        bytes.writeJSONString(value)
    }

    /// A member that is a number.
    mutating func number(_ name: String, _ value: Int64) {
        self.name(name)
        bytes.writeString(String(value))
    }

    /// A member that is null.
    mutating func null(_ name: String) {
        self.name(name)
        bytes.writeStaticString("null")
    }

    private mutating func name(_ name: String) {
        comma()
        bytes.writeJSONString(name)
        bytes.writeStaticString(":")
    }

    private mutating func comma() {
        if needsComma { bytes.writeStaticString(",") }
        needsComma = true
    }

    private mutating func bracketed(
        _ open: StaticString,
        _ close: StaticString,
        _ body: (inout JSONObjectWriter) -> Void
    ) {
        bytes.writeStaticString(open)
        needsComma = false
        body(&self)
        bytes.writeStaticString(close)
        needsComma = true
    }
}
