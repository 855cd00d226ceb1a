/// What a header field may be made of, and which ones are the gateway's own business.
enum HeaderField {
    /// Whether a text is a token (RFC 9110, 5.6.2).
    static func isName(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { byte in byte.isWordByte || "!#$%&'*+-.^`|~".utf8.contains(byte) }
    }

    /// Whether a text is a field value (RFC 9110, 5.5): visible, with blanks and tabs inside only.
    static func isValue(_ text: String) -> Bool {
        let isVisible = text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
        let ends = [text.utf8.first, text.utf8.last]
        return isVisible && !ends.contains(0x20) && !ends.contains(0x09)
    }

    /// The fields that belong to one connection or frame the message (RFC 9110, 7.6.1; RFC 9112, 6).
    static let reserved: Set = [
        "connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding",
        "upgrade",
    ]

    /// Adds a fault unless a field may be set by a configuration.
    static func check(name: YAMLNode.Key, value: Located<String>, _ faults: inout [Fault]) {
        if !isName(name.text) {
            faults.add("a header's name is a token (letters, digits and - mostly)", at: name.location, text: name.text)
        } else if reserved.contains(name.text.lowercased()) {
            faults.add("the gateway sets this header itself", at: name.location, text: name.text)
        }
        if !isValue(value.value) {
            let rule = "a header's value has no control characters and no blanks at its ends"
            faults.add(rule, at: value.location, text: value.value)
        }
    }
}
