internal import Yams

/// The lines of a YAML text and how their blanks change. Only blanks ever do.
///
/// The parser tells where every node starts, not where it ends, so the ends of texts over several lines and of flow
/// collections are found here.
struct YAMLLayout {
    private typealias Scalars = [Unicode.Scalar]

    /// What becomes of a line.
    private enum Role {
        /// A blank line, a comment or a marker.
        case other
        /// A line on which entries of block collections start: `columns` says where each of them stood and stands now,
        /// and `gaps` which runs of blanks shrink to one.
        case entries(columns: [(old: Int, new: Int)], gaps: [Range<Int>])
        /// Within a text or flow collection that started on an earlier line.
        case continuation(shift: Int)
    }

    private let lines: [Scalars]
    private var roles: [Role]
    /// Lines whose last blanks may belong to a text that goes on.
    private var opensText: Set<Int> = []
    /// The first line of a form that is left to its author: anchors, tags, keys after `?`.
    private(set) var refusedLine: Int?

    init(text: String) {
        lines = Self.split(text)
        roles = lines.map { _ in .other }
    }

    /// Whether the text has a form that is not formatted.
    var isRefused: Bool { refusedLine != nil }

    /// Lays out a node whose entries are to start in `column`.
    mutating func place(_ node: Node, at column: Int) {
        guard let mark = node.mark, let start = scalar(mark.line - 1, mark.column - 1) else { return }
        if start == "&" || start == "!" { refuse(mark.line) }
        guard !isRefused else { return }
        switch node {
        case .mapping(let mapping) where start != "{": place(mapping, at: column)
        case .sequence(let sequence) where start != "[": place(sequence, from: mark, at: column)
        default: place(leaf: node, from: mark, at: column, parent: -1)
        }
    }
}

// Block collections.
extension YAMLLayout {
    private mutating func place(_ mapping: Node.Mapping, at column: Int) {
        for (key, value) in mapping {
            guard let mark = key.mark, let name = key.scalar else { return refuse(1) }
            let line = mark.line - 1
            let start = mark.column - 1
            guard isEntryStart(line, start), let colon = colon(after: name, line: line, start: start) else {
                return refuse(mark.line)
            }
            enter(line, old: start, new: column)
            place(value, after: colon, line: line, parent: (old: start, new: column))
        }
    }

    private mutating func place(_ sequence: Node.Sequence, from mark: Mark, at column: Int) {
        var line = mark.line - 1
        let start = mark.column - 1
        for (index, element) in sequence.enumerated() {
            guard let elementMark = element.mark else { return refuse(1) }
            if index > 0 {
                let following = (line + 1)..<max(line + 1, min(elementMark.line, lines.count))
                guard let dash = following.last(where: { indentation(of: $0) == start && isDash($0, start) }) else {
                    return refuse(elementMark.line)
                }
                line = dash
            }
            guard isDash(line, start) else { return refuse(mark.line) }
            enter(line, old: start, new: column)
            place(element, after: start, line: line, parent: (old: start, new: column))
        }
    }

    /// Lays out what stands after a colon or dash in column `indicator`.
    private mutating func place(_ value: Node, after indicator: Int, line: Int, parent: (old: Int, new: Int)) {
        guard let mark = value.mark else { return }
        let start = mark.column - 1
        let isCollection = value.scalar == nil && !["{", "["].contains(scalar(mark.line - 1, start))
        if mark.line - 1 == line {
            let gap = (indicator + 1)..<max(start, indicator + 1)
            if !gap.isEmpty, start < lines[line].count, lines[line][gap].allSatisfy({ $0 == " " || $0 == "\t" }) {
                shrink(line, gap)
            }
            // A collection that starts on its parent's line stands two columns behind the parent's dash.
            if isCollection { return place(value, at: parent.new + 2) }
            place(leaf: value, from: mark, at: nil, parent: parent.old, shift: parent.new - parent.old)
        } else if isCollection {
            place(value, at: parent.new + 2)
        } else if mark.line - 1 > line, indentation(of: mark.line - 1) == start {
            place(leaf: value, from: mark, at: parent.new + 2, parent: parent.old)
        }
    }

    /// Lays out a text or flow collection. `column` is where it goes when it starts a line of its own.
    private mutating func place(leaf: Node, from mark: Mark, at column: Int?, parent: Int, shift: Int = 0) {
        let line = mark.line - 1
        let start = mark.column - 1
        guard let first = scalar(line, start) else { return }
        if first == "&" || first == "!" || first == "*" { return refuse(mark.line) }
        var shift = shift
        if let column {
            enter(line, old: start, new: column)
            shift = column - start
        }
        let last = lastLine(of: leaf, first: first, line: line, start: start, parent: parent)
        guard last > line else { return }
        if first != "|", first != ">" { opensText.insert(line) }
        for index in (line + 1)...last { roles[index] = .continuation(shift: shift) }
    }

    private mutating func enter(_ line: Int, old: Int, new: Int) {
        guard case .entries(let columns, let gaps) = roles[line] else {
            roles[line] = .entries(columns: [(old, new)], gaps: [])
            return
        }
        roles[line] = .entries(columns: columns + [(old, new)], gaps: gaps)
    }

    private mutating func shrink(_ line: Int, _ gap: Range<Int>) {
        guard case .entries(let columns, let gaps) = roles[line] else { return }
        roles[line] = .entries(columns: columns, gaps: gaps + [gap])
    }

    private mutating func refuse(_ line: Int) {
        refusedLine = refusedLine ?? line
    }
}

// Reading lines.
extension YAMLLayout {
    /// At the breaks that YAML knows, so that lines count as they do in the parser's marks.
    private static func split(_ text: String) -> [Scalars] {
        var lines: [Scalars] = [[]]
        var previous: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n" where previous == "\r": break
            case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": lines.append([])
            default: lines[lines.count - 1].append(scalar)
            }
            previous = scalar
        }
        // What follows the last break is a line only if something stands there.
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    private func scalar(_ line: Int, _ column: Int) -> Unicode.Scalar? {
        guard lines.indices.contains(line), lines[line].indices.contains(column) else { return nil }
        return lines[line][column]
    }

    private func indentation(of line: Int) -> Int {
        lines[line].prefix { $0 == " " }.count
    }

    private func isBlank(_ line: Int) -> Bool {
        lines[line].allSatisfy { $0 == " " || $0 == "\t" }
    }

    private func isDash(_ line: Int, _ column: Int) -> Bool {
        let next = scalar(line, column + 1)
        return scalar(line, column) == "-" && (next == nil || next == " " || next == "\t")
    }

    /// Whether only blanks and dashes stand before a column.
    private func isEntryStart(_ line: Int, _ column: Int) -> Bool {
        guard lines.indices.contains(line), column <= lines[line].count else { return false }
        return lines[line][..<column].indices.allSatisfy { lines[line][$0] == " " || isDash(line, $0) }
    }

    /// The column of the colon that ends a key.
    private func colon(after key: Node.Scalar, line: Int, start: Int) -> Int? {
        var column = start
        if let quote = scalar(line, start), quote == "\"" || quote == "'" {
            guard let end = endOfQuotes(line, start), end.line == line else { return nil }
            column = end.column + 1
        }
        return lines[line].indices.dropFirst(column).first { index in
            let next = scalar(line, index + 1)
            return lines[line][index] == ":" && (next == nil || next == " " || next == "\t")
        }
    }

    /// The last line of a text or flow collection.
    private func lastLine(of leaf: Node, first: Unicode.Scalar, line: Int, start: Int, parent: Int) -> Int {
        switch first {
        case "\"", "'": return endOfQuotes(line, start)?.line ?? line
        case "{", "[": return endOfFlow(line, start)
        case "|", ">":
            let after = ((line + 1)..<lines.count).first { !isBlank($0) && indentation(of: $0) <= parent }
            let end = (after ?? lines.count) - 1
            let keepsBlanks = lines[line].dropFirst(start).prefix(3).contains("+")
            return keepsBlanks ? end : (line...max(line, end)).last { !isBlank($0) } ?? line
        default:
            // A plain text goes on until a line that is not deeper than its parent, or a comment.
            var last = line
            for index in (line + 1)..<max(lines.count, line + 1) where !isBlank(index) {
                let column = indentation(of: index)
                guard column > parent, scalar(index, column) != "#" else { break }
                last = index
            }
            return last
        }
    }

    private func endOfQuotes(_ line: Int, _ start: Int) -> (line: Int, column: Int)? {
        let quote = lines[line][start]
        var index = start + 1
        for line in line..<lines.count {
            while index < lines[line].count {
                let scalar = lines[line][index]
                if scalar == "\\", quote == "\"" {
                    index += 1
                } else if scalar == quote {
                    guard quote == "'", self.scalar(line, index + 1) == "'" else { return (line, index) }
                    index += 1
                }
                index += 1
            }
            index = 0
        }
        return nil
    }

    private func endOfFlow(_ line: Int, _ start: Int) -> Int {
        var depth = 0
        var line = line
        var column = start
        while line < lines.count {
            let scalar = scalar(line, column)
            switch scalar {
            case "{", "[": depth += 1
            case "}", "]": depth -= 1
            case "\"", "'":
                // Quotes open a text only where a value can start; elsewhere they are an apostrophe.
                let before = lines[line][..<column].last { $0 != " " && $0 != "\t" }
                if before.map({ "{[,:".unicodeScalars.contains($0) }) ?? true, let end = endOfQuotes(line, column) {
                    (line, column) = end
                }
            default: break
            }
            if depth == 0 { return line }
            let isComment = scalar == "#" && (column == 0 || lines[line][column - 1] == " ")
            column += 1
            if scalar == nil || isComment || column >= lines[line].count {
                line += 1
                column = 0
            }
        }
        return lines.count - 1
    }
}

// Writing lines.
extension YAMLLayout {
    /// The text with its blanks changed.
    var text: String {
        var result = String.UnicodeScalarView()
        var open: [(old: Int, new: Int)] = []
        var hasBlankLine = true
        var pendingBlank = false
        for line in lines.indices {
            var content = lines[line]
            switch roles[line] {
            case .continuation(let shift):
                if !isBlank(line) { content = shifted(content, by: shift) }
            case .entries(let columns, let gaps):
                open.removeAll { $0.old >= (columns.first?.old ?? 0) }
                open += columns
                for gap in gaps.sorted(by: { $0.lowerBound > $1.lowerBound }) {
                    content.replaceSubrange(gap, with: [" "])
                }
                content = indented(content, to: columns.first?.new ?? 0)
                if !opensText.contains(line) { content = trimmed(content) }
            case .other:
                guard !isBlank(line) else {
                    pendingBlank = !hasBlankLine
                    continue
                }
                if content.first(where: { $0 != " " && $0 != "\t" }) == "#" {
                    content = indented(content, to: commentColumn(line, open))
                }
                content = trimmed(content)
            }
            if pendingBlank { result.append("\n") }
            pendingBlank = false
            hasBlankLine = false
            result.append(contentsOf: content)
            result.append("\n")
        }
        return String(result)
    }

    /// Where a comment goes: with the entry that follows when it stood in that column, else where its column went.
    private func commentColumn(_ line: Int, _ open: [(old: Int, new: Int)]) -> Int {
        let column = lines[line].prefix { $0 == " " || $0 == "\t" }.count
        for next in (line + 1)..<max(lines.count, line + 1) {
            guard case .entries(let columns, _) = roles[next], let first = columns.first else { continue }
            if first.old == column { return first.new }
            break
        }
        guard let around = open.last(where: { $0.old <= column }) else { return 0 }
        return around.old == column || around.old != open.last?.old ? around.new : around.new + 2
    }

    private func indented(_ content: Scalars, to column: Int) -> Scalars {
        Scalars(repeating: " ", count: column) + content.drop { $0 == " " || $0 == "\t" }
    }

    private func shifted(_ content: Scalars, by shift: Int) -> Scalars {
        if shift >= 0 { return Scalars(repeating: " ", count: shift) + content }
        return Scalars(content.dropFirst(min(-shift, content.prefix { $0 == " " }.count)))
    }

    private func trimmed(_ content: Scalars) -> Scalars {
        content.lastIndex { $0 != " " && $0 != "\t" }.map { Scalars(content[...$0]) } ?? []
    }
}
