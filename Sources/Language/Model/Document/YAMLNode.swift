/// One node of a YAML (or JSON) document, with the place where it stands.
struct YAMLNode {
    /// What a node holds.
    enum Content {
        /// Text. A plain one was written without quotes, so that `5`, `true` and `null` may mean more than text.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        /// Entries in the order of the file; no two have the same key.
        case mapping([Entry])
        /// Something whose fault is noted already.
        case faulty
    }

    /// A key and its value.
    struct Entry {
        var key: Key
        var value: YAMLNode
    }

    /// The key of an entry.
    struct Key: Hashable {
        var text: String
        var location: SourceLocation
    }

    var content: Content
    var location: SourceLocation

    /// Whether this is YAML's null: nothing at all, `~` or `null`.
    var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = content else { return false }
        return text.isEmpty || text == "~" || text == "null"
    }

    /// The entries of a mapping; none for anything else.
    var entries: [Entry] {
        guard case .mapping(let entries) = content else { return [] }
        return entries
    }

    /// The value under `key`, when this is a mapping that has it.
    subscript(key: String) -> YAMLNode? {
        entries.first { $0.key.text == key }?.value
    }

    /// The text of a scalar that is not null.
    var text: String? {
        guard case .scalar(let text, _) = content, !isNull else { return nil }
        return text
    }

    /// What a fault calls this node.
    var kind: String {
        switch content {
        case .scalar: isNull ? "nothing" : "a text"
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .faulty: "a fault"
        }
    }
}
