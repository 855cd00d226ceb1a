/// One thing that is wrong with a configuration: where, what was found, what was expected.
public struct Fault: Error, Sendable, Hashable {
    /// Where; `nil` when the fault has no place in a file (a model made in code).
    public var location: SourceLocation?
    /// What is wrong and what was expected, as a sentence without a full stop.
    public var message: String
    /// The offending text, shortened to one line.
    public var text: String?
    /// What was probably meant.
    public var suggestion: String?

    /// Makes a fault.
    public init(_ message: String, at location: SourceLocation? = nil, text: String? = nil, suggestion: String? = nil) {
        self.message = message
        self.location = location
        self.text = text
        self.suggestion = suggestion
    }
}

extension Fault: CustomStringConvertible {
    /// `orders.yaml:4:7: unknown key "pth"; did you mean "path"?`
    public var description: String {
        var line = ""
        if let location { line += "\(location): " }
        line += message
        if let text { line += ": \"\(text)\"" }
        if let suggestion { line += "; did you mean \"\(suggestion)\"?" }
        return line
    }
}

/// All faults of one configuration, in the order of the file.
public struct Faults: Error, Sendable, Equatable {
    /// Never empty when thrown.
    public var all: [Fault]

    /// Makes a collection of faults.
    public init(_ all: [Fault] = []) { self.all = all }
}

extension Faults: CustomStringConvertible {
    /// One line a fault.
    public var description: String { all.map(\.description).joined(separator: "\n") }
}
