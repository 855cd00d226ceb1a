extension [Fault] {
    /// Adds a fault, giving it a place unless it has one.
    mutating func add(_ fault: Fault, at location: SourceLocation) {
        var fault = fault
        fault.location = fault.location ?? location
        fault.text = fault.text?.excerpt
        append(fault)
    }

    /// Adds a fault.
    mutating func add(
        _ message: String,
        at location: SourceLocation,
        text: String? = nil,
        suggestion: String? = nil
    ) {
        append(Fault(message, at: location, text: text?.excerpt, suggestion: suggestion))
    }

    /// The faults in the order in which a reader meets them: files as they were read, then by position.
    func sorted(byFiles files: [String]) -> [Fault] {
        let ranks = Dictionary(zip(files, files.indices), uniquingKeysWith: { first, _ in first })
        let position = { (fault: Fault) -> (Int, Int, Int) in
            guard let place = fault.location else { return (.max, 0, 0) }
            return (ranks[place.file] ?? ranks.count, place.line, place.column)
        }
        return sorted { position($0) < position($1) }
    }
}

extension String {
    /// One line of at most 60 characters, for showing in a fault.
    var excerpt: String {
        let shown = prefix(61).map { $0.isNewline || $0.unicodeScalars.contains { $0.value < 32 } ? " " : $0 }
        return shown.count > 60 ? String(shown.prefix(59)) + "…" : String(shown)
    }

    /// Without blanks at either end.
    var trimmingBlanks: String {
        let start = drop(while: \.isWhitespace)
        return String(start.dropLast(start.reversed().prefix(while: \.isWhitespace).count))
    }
}
