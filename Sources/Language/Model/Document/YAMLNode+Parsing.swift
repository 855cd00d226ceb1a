internal import Yams

extension YAMLNode {
    /// Reads one document.
    ///
    /// - Parameters:
    ///   - file: the name that locations carry.
    ///   - environment: what `${NAME}` in values stands for; `nil` leaves values as they are.
    ///   - faults: takes what is wrong with single nodes, which are then `.faulty`.
    /// - Returns: the root, or `nil` for a file without content.
    /// - Throws: the syntax fault that stopped the parser.
    static func parse(
        _ text: String,
        file: String,
        environment: Environment? = nil,
        _ faults: inout [Fault]
    ) throws(Fault) -> YAMLNode? {
        let root: Node?
        do {
            // Without resolver rules no regular expression runs over every scalar; `Shape` decides what a text means.
            root = try Yams.compose(yaml: text, .basic, .default, .utf8)
        } catch {
            throw YAMLSyntax(text: text, file: file).fault(for: error)
        }
        guard let root else { return nil }
        var conversion = YAMLConversion(file: file, environment: environment)
        let node = conversion.node(root)
        faults += conversion.faults
        return node.isNull ? nil : node
    }
}

/// Turns the parser's tree into ours, substituting environment variables on the way.
private struct YAMLConversion {
    let file: String
    let environment: Environment?
    var faults: [Fault] = []
    /// Aliases share nodes, so a small text can stand for a tree without end in sight.
    private var nodesLeft = 1_000_000

    init(file: String, environment: Environment?) {
        self.file = file
        self.environment = environment
    }

    mutating func node(_ node: Node) -> YAMLNode {
        let location = place(node.mark)
        nodesLeft -= 1
        guard nodesLeft > 0 else {
            if nodesLeft == 0 { faults.add("a document has at most 1,000,000 nodes, aliases counted", at: location) }
            return YAMLNode(content: .faulty, location: location)
        }
        switch node {
        case .scalar(let scalar):
            return YAMLNode(content: content(of: scalar, at: location), location: location)
        case .sequence(let sequence):
            refuseTag(sequence.tag, at: location)
            var elements: [YAMLNode] = []
            elements.reserveCapacity(sequence.count)
            for element in sequence { elements.append(self.node(element)) }
            return YAMLNode(content: .sequence(elements), location: location)
        case .mapping(let mapping):
            refuseTag(mapping.tag, at: location)
            return YAMLNode(content: .mapping(entries(of: mapping)), location: location)
        case .alias:
            faults.add("an alias refers to an anchor that comes before it", at: location)
            return YAMLNode(content: .faulty, location: location)
        }
    }

    private mutating func entries(of mapping: Node.Mapping) -> [YAMLNode.Entry] {
        var entries: [YAMLNode.Entry] = []
        entries.reserveCapacity(mapping.count)
        for (key, value) in mapping {
            let location = place(key.mark)
            guard case .scalar(let scalar) = key else {
                faults.add("a key is a text", at: location)
                continue
            }
            let key = YAMLNode.Key(text: scalar.string, location: location)
            entries.append(YAMLNode.Entry(key: key, value: node(value)))
        }
        return entries
    }

    private mutating func content(of scalar: Node.Scalar, at location: SourceLocation) -> YAMLNode.Content {
        let isText = scalar.tag.description == Tag.Name.str.rawValue
        if !isText { refuseTag(scalar.tag, at: location) }
        var text = scalar.string
        if let environment {
            do {
                text = try environment.substituted(in: text)
            } catch {
                faults.add(error, at: location)
                return .faulty
            }
        }
        return .scalar(text, isPlain: scalar.style == .plain && !isText)
    }

    private mutating func refuseTag(_ tag: Tag, at location: SourceLocation) {
        let name = tag.description
        guard !name.isEmpty, name != "!" else { return }
        faults.add("tags are not used here", at: location, text: name)
    }

    private func place(_ mark: Mark?) -> SourceLocation {
        SourceLocation(file: file, line: mark?.line ?? 1, column: mark?.column ?? 1)
    }
}

/// Puts the parser's errors into words and places.
private struct YAMLSyntax {
    let text: String
    let file: String
    private let lines: [Substring]

    init(text: String, file: String) {
        self.text = text
        self.file = file
        lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    }

    func fault(for error: any Error) -> Fault {
        switch error as? YamlError {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let about = context.map { "\($0.text) (line \($0.mark.line)), " } ?? ""
            return syntaxFault(about + problem, line: mark.line, column: mark.column)
        case .reader(let problem, let offset, _, _):
            let before = text.prefix(offset ?? 0)
            let lastLine = before.split(separator: "\n", omittingEmptySubsequences: false).last ?? ""
            return syntaxFault(problem, line: before.count(where: \.isNewline) + 1, column: lastLine.count + 1)
        case .duplicatedKeysInMapping(let keys, let context):
            return duplicateFault(keys.first ?? "", first: context.mark)
        default:
            return syntaxFault("the parser gave up", line: 1, column: 1)
        }
    }

    private func syntaxFault(_ problem: String, line: Int, column: Int) -> Fault {
        let location = SourceLocation(file: file, line: line, column: column)
        let content = lines.indices.contains(line - 1) ? String(lines[line - 1]).trimmingBlanks : ""
        // The commonest slip in this file: `{ to: http://host/{id} }`, where YAML takes the inner braces for its own.
        let hasBareBraces = problem.contains("flow") && !RouteParameters.references(in: content).isEmpty
        let hint = hasBareBraces ? "; between { } or [ ], a text with braces is written in quotes" : ""
        return Fault("not YAML: \(problem)\(hint)", at: location, text: content.isEmpty ? nil : content.excerpt)
    }

    /// The parser tells only where a repeated key stands first. In block style the second one is on a later line, at
    /// the same column.
    private func duplicateFault(_ key: String, first: Mark) -> Fault {
        let firstPlace = SourceLocation(file: file, line: first.line, column: first.column)
        let spellings = [key, "\"\(key)\"", "'\(key)'"]
        for (index, line) in lines.enumerated().dropFirst(first.line) {
            let blanks = line.prefix { $0 == " " }.count
            let content = line.dropFirst(blanks)
            if blanks < first.column - 1, !content.isEmpty, !content.hasPrefix("#") { break }
            guard blanks == first.column - 1 else { continue }
            for spelling in spellings where content.hasPrefix(spelling) {
                guard content.dropFirst(spelling.count).drop(while: { $0 == " " }).hasPrefix(":") else { continue }
                let place = SourceLocation(file: file, line: index + 1, column: first.column)
                return Fault(
                    "this key stands in the same mapping already, at \(firstPlace)",
                    at: place,
                    text: key.excerpt
                )
            }
        }
        return Fault("this key stands more than once in the same mapping", at: firstPlace, text: key.excerpt)
    }
}
