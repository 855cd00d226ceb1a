/// A name, mostly a file's, and the place in the configuration where it is written.
public struct NamedPlace: Sendable, Hashable {
    /// The path, or what else the thing is called in logs.
    public var name: String
    /// Where it is named; `nil` in a model made in code.
    public var source: SourceLocation?

    /// Makes a name.
    public init(_ name: String, source: SourceLocation? = nil) {
        self.name = name
        self.source = source
    }
}

/// The content of a file that the configuration names: it belongs to the model, so that a changed file is a changed model.
public struct NamedContent: Sendable, Hashable {
    /// The path, or what else the content is called in logs.
    public var name: String
    /// The bytes.
    public var bytes: [UInt8]
    /// Where the file is named; `nil` in a model made in code.
    public var source: SourceLocation?

    /// Makes content.
    public init(_ name: String, bytes: [UInt8], source: SourceLocation? = nil) {
        self.name = name
        self.bytes = bytes
        self.source = source
    }
}

extension NamedContent: CustomStringConvertible {
    /// The name and the size.
    public var description: String { "\(name), \(bytes.count) bytes" }
}

extension NamedPlace: CustomStringConvertible {
    /// The name.
    public var description: String { name }
}
