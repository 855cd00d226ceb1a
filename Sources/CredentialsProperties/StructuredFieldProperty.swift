import Credentials

/// - What RFC 8941 allows is taken, within the limits and with each key once; nothing else is.
/// - It is written as the RFC would write it, and that, read again, is written the same.
enum StructuredFieldProperty {
    static func check(_ input: [UInt8]) throws(Violation) {
        let dictionary = try? StructuredDictionary(input)
        let entries = dictionary.map(written)
        let expected = ReferenceDictionary.read(input)?.map { "\($0.key)=\($0.value)" }
        try hold(entries == expected, "\(input.quoted) is read as \(entries ?? []), not \(expected ?? [])")
        guard let entries, let dictionary else { return }
        let text = Array(entries.joined(separator: ", ").utf8)
        let again = (try? StructuredDictionary(text)).map(written)
        // Written in one way it may be longer than the limit.
        try hold(again == entries || text.count > 8192, "\(text.quoted) is read as \(again ?? []), not \(entries)")
        for entry in dictionary.entries {
            let key = Array(dictionary.bytes[entry.key])
            try hold(dictionary.entry(key.span)?.key == entry.key, "\(key.quoted) is not found in \(input.quoted)")
        }
        _ = ContentDigest(input)?.matches(input.span)
    }

    private static func written(_ dictionary: StructuredDictionary) -> [String] {
        dictionary.entries.map { entry in
            var text = Array(dictionary.bytes[entry.key]) + [UInt8(ascii: "=")]
            dictionary.write(entry.content, to: &text)
            return String(decoding: text, as: UTF8.self)
        }
    }
}
