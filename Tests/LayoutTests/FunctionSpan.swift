/// A function with a body: where it starts, and how many lines it takes from its keyword to its closing brace.
struct FunctionSpan: Equatable {
    var name: String
    var line: Int
    var lineCount: Int
}

extension SwiftSource {
    /// Every `func`, `init` and `deinit` of the file that has a body, by matching braces.
    var functions: [FunctionSpan] {
        let tokens = codeLines.enumerated().flatMap { index, line in tokenize(line, line: index + 1) }
        return tokens.indices.compactMap { index in
            guard startsFunction(tokens, at: index), let end = endOfBody(tokens, from: index + 1) else { return nil }
            let start = tokens[index]
            return FunctionSpan(
                name: name(of: start),
                line: start.line,
                lineCount: tokens[end].line - start.line + 1
            )
        }
    }

    /// The name as it was written, up to its parameters: `run`, `` `a sentence` ``, `init`.
    private func name(of start: Token) -> String {
        guard start.text == "func" else { return String(start.text) }
        let written = lines[start.line - 1]
        guard let keyword = written.firstRange(of: "func ") else { return "func" }
        let name = written[keyword.upperBound...].drop { $0 == " " }
        guard name.first != "`" else { return "`\(name.dropFirst().prefix { $0 != "`" })`" }
        return String(name.prefix { $0 != "(" && $0 != "<" && $0 != " " })
    }
}

/// A word or a single mark of the code.
private struct Token {
    var text: Substring
    var line: Int
}

private func tokenize(_ text: Substring, line: Int) -> [Token] {
    var tokens: [Token] = []
    var rest = text.utf8
    while let first = rest.first {
        let word = rest.prefix(while: belongsToWord)
        let token = word.isEmpty ? rest.prefix(1) : word
        if first != UInt8(ascii: " ") { tokens.append(Token(text: Substring(token), line: line)) }
        rest = rest.dropFirst(token.count)
    }
    return tokens
}

private func belongsToWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"), 0x80...0xFF:
        true
    case UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: false
    }
}

/// Whether a declaration of a function starts here, which a call such as `self.init(…)` does not.
private func startsFunction(_ tokens: [Token], at index: Int) -> Bool {
    switch tokens[index].text {
    case "func", "deinit":
        return true
    case "init":
        let previous = index > 0 ? tokens[index - 1].text : ""
        let next = index + 1 < tokens.count ? tokens[index + 1].text : ""
        return previous != "." && ["(", "<", "?", "!"].contains(next)
    default:
        return false
    }
}

/// The index of the brace that closes a function's body; `nil` for a requirement of a protocol, which has none.
private func endOfBody(_ tokens: [Token], from start: Int) -> Int? {
    var parentheses = 0
    var braces = 0
    for index in start..<tokens.count {
        switch tokens[index].text {
        case "(", "[": parentheses += 1
        case ")", "]": parentheses -= 1
        case "{" where parentheses == 0 || braces > 0: braces += 1
        case "}" where braces > 0:
            braces -= 1
            if braces == 0 { return index }
        case "}" where parentheses == 0: return nil
        case "func", "init", "deinit", "var", "let", "subscript", "associatedtype", "typealias":
            if braces == 0, parentheses == 0 { return nil }
        default: break
        }
    }
    return nil
}
