extension Fault: Encodable {
    private enum Key: String, CodingKey {
        case file, line, column, message, text, suggestion
    }

    /// The shape of a fault wherever JSON is given out: `file`, `line`, `column`, `message`, `text` and `suggestion`, with
    /// `null` for what there is none of.
    public func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Key.self)
        try members.encode(location?.file, forKey: .file)
        try members.encode(location?.line, forKey: .line)
        try members.encode(location?.column, forKey: .column)
        try members.encode(message, forKey: .message)
        try members.encode(text, forKey: .text)
        try members.encode(suggestion, forKey: .suggestion)
    }
}
