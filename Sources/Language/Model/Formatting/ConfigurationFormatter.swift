internal import Yams

/// Formats a configuration file without changing what it says.
///
/// Block mappings and lists are indented by two spaces, one space follows `:` and `-`, trailing blanks go, blank lines
/// never come in pairs, and the text ends in one newline. Comments stay. Texts over several lines and `{ }` or `[ ]`
/// over several lines move with their key and are otherwise left alone.
public enum ConfigurationFormatter {
    /// Formats a text.
    ///
    /// - Parameter file: the name that faults carry.
    /// - Throws: the syntax fault of a text that is not YAML, or a fault that says why this one is left as it is. What is
    ///   returned always reads as the same document as `text`.
    public static func formatted(_ text: String, file: String) throws(Faults) -> String {
        var faults: [Fault] = []
        let before: YAMLNode?
        do throws(Fault) {
            before = try YAMLNode.parse(text, file: file, &faults)
        } catch {
            throw Faults([error])
        }
        guard faults.isEmpty else { throw Faults(faults) }
        var layout = YAMLLayout(text: text)
        // The parser accepted the text above.
        if let root = try? Yams.compose(yaml: text, .basic, .default, .utf8) { layout.place(root, at: 0) }
        let result = layout.text
        guard !layout.isRefused, isSame(before, result, file: file), marks(of: text) == marks(of: result) else {
            let place = SourceLocation(file: file, line: layout.refusedLine ?? 1, column: 1)
            let reason =
                layout.isRefused
                ? "anchors and keys after \"?\" are not formatted; the file is left as it is"
                : "this layout cannot be formatted without changing what it says; the file is left as it is"
            throw Faults([Fault(reason, at: place)])
        }
        return result
    }

    /// Whether a text reads as the given document.
    private static func isSame(_ node: YAMLNode?, _ text: String, file: String) -> Bool {
        var faults: [Fault] = []
        guard let other = try? YAMLNode.parse(text, file: file, &faults), faults.isEmpty else { return node == nil }
        return node.map { $0.says(the: other) } ?? false
    }

    /// All that is not blank: comments, too, have to be what they were.
    private static func marks(of text: String) -> [Unicode.Scalar] {
        text.unicodeScalars.filter { !$0.properties.isWhitespace }
    }
}

extension YAMLNode {
    /// Whether two nodes say the same, wherever they stand.
    fileprivate func says(the other: YAMLNode) -> Bool {
        switch (content, other.content) {
        case (.scalar(let text, let isPlain), .scalar(let otherText, let otherIsPlain)):
            text == otherText && isPlain == otherIsPlain
        case (.sequence(let elements), .sequence(let others)):
            elements.count == others.count && zip(elements, others).allSatisfy { $0.says(the: $1) }
        case (.mapping(let entries), .mapping(let others)):
            entries.count == others.count
                && zip(entries, others).allSatisfy { $0.key.text == $1.key.text && $0.value.says(the: $1.value) }
        default: false
        }
    }
}
