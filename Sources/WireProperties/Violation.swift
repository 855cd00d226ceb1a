/// A property that does not hold for an input: a bug in the codec, or in what the property believes.
public struct Violation: Error, CustomStringConvertible {
    /// What was expected and what came instead.
    public let description: String
}

/// Throws a violation unless `condition` holds.
func hold(_ condition: Bool, _ claim: @autoclosure () -> String) throws(Violation) {
    if !condition { throw Violation(description: claim()) }
}

extension [UInt8] {
    /// The bytes as text for a violation, with escapes for what can't be printed.
    var quoted: String {
        let text = map { byte -> String in
            switch byte {
            case 0x0D: "\\r"
            case 0x0A: "\\n"
            case 0x20...0x7E: String(UnicodeScalar(byte))
            default: "\\x" + String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
            }
        }
        return "\"\(text.joined())\""
    }
}
