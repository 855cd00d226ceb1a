/// A Swift file with its code and its comments told apart, so that a rule about one does not trip over the other.
struct SwiftSource {
    let path: String
    /// The lines as they were written.
    let lines: [Substring]
    /// The same lines with comments, raw identifiers and the contents of string literals blanked.
    let codeLines: [Substring]
    /// The same lines with everything but comments blanked.
    let commentLines: [Substring]

    init(path: String, text: String) {
        self.path = path
        var masks = SourceMasks(text)
        masks.run()
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        codeLines = masks.code.split(separator: "\n", omittingEmptySubsequences: false)
        commentLines = masks.comments.split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// The number of lines; a final newline starts no line of its own.
    var lineCount: Int { lines.last?.isEmpty == true ? lines.count - 1 : lines.count }

    /// The modules that the file imports, with the line of each.
    var imports: [(module: String, line: Int)] {
        codeLines.enumerated().compactMap { index, line in
            let words = line.split(separator: " ")
            guard let position = words.firstIndex(of: "import"), words[..<position].allSatisfy(isModifier) else {
                return nil
            }
            let rest = words[(position + 1)...].drop { declarationKinds.contains(String($0)) }
            return rest.first.map { (String($0.prefix { $0 != "." && $0 != ";" }), index + 1) }
        }
    }

    private func isModifier(_ word: Substring) -> Bool {
        word.hasPrefix("@") || ["public", "package", "internal", "fileprivate", "private"].contains(word)
    }
}

/// What may stand between `import` and the name in `import struct NIOCore.ByteBuffer`.
private let declarationKinds: Set = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var", "actor"]

/// Walks through a file once and blanks, byte for byte, what is no code in one copy and what is no comment in the other.
private struct SourceMasks {
    private let source: [UInt8]
    private var codeBytes: [UInt8]
    private var commentBytes: [UInt8]
    private var position = 0

    init(_ text: String) {
        source = Array(text.utf8)
        codeBytes = source
        commentBytes = source.map { $0 == newline ? newline : space }
    }

    var code: String { String(decoding: codeBytes, as: UTF8.self) }
    var comments: String { String(decoding: commentBytes, as: UTF8.self) }

    mutating func run() {
        walkCode(inInterpolation: false)
    }

    /// Walks through code, to the end of the file or to the parenthesis that ends an interpolation.
    private mutating func walkCode(inInterpolation: Bool) {
        var depth = 0
        while position < source.count {
            switch source[position] {
            case UInt8(ascii: "/") where sees("//"):
                while position < source.count, source[position] != newline { moveToComments() }
            case UInt8(ascii: "/") where sees("/*"):
                walkBlockComment()
            case UInt8(ascii: "`"):
                walkRawIdentifier()
            case UInt8(ascii: "#"), quote:
                walkHashesOrString()
            case UInt8(ascii: ")") where inInterpolation && depth == 0:
                return
            case UInt8(ascii: "("):
                depth += 1
                position += 1
            case UInt8(ascii: ")"):
                depth -= 1
                position += 1
            default:
                position += 1
            }
        }
    }

    private mutating func walkBlockComment() {
        var depth = 0
        while position < source.count {
            let opens = sees("/*")
            let closes = sees("*/")
            depth += opens ? 1 : closes ? -1 : 0
            moveToComments()
            if opens || closes { moveToComments() }
            if depth == 0 { return }
        }
    }

    private mutating func walkRawIdentifier() {
        position += 1
        while position < source.count, source[position] != UInt8(ascii: "`"), source[position] != newline { blank() }
        position += 1
    }

    /// Passes a string literal, or the `#` of something else such as `#if`.
    private mutating func walkHashesOrString() {
        let hashes = source[position...].prefix { $0 == UInt8(ascii: "#") }.count
        position += hashes
        if position < source.count, source[position] == quote { walkString(hashes: hashes) }
    }

    private mutating func walkString(hashes: Int) {
        let fence = String(repeating: "#", count: hashes)
        let quotes = sees("\"\"\"") ? "\"\"\"" : "\""
        position += quotes.utf8.count
        while position < source.count {
            switch source[position] {
            case UInt8(ascii: "\\") where sees("\\\(fence)("):
                position += hashes + 2
                walkCode(inInterpolation: true)
            case UInt8(ascii: "\\") where sees("\\\(fence)"):
                for _ in 0..<(hashes + 2) where position < source.count { blank() }
            case quote where sees(quotes + fence):
                position += quotes.utf8.count + hashes
                return
            case newline where quotes == "\"":
                return
            default:
                blank()
            }
        }
    }

    private func sees(_ text: String) -> Bool {
        source[position...].starts(with: text.utf8)
    }

    private mutating func moveToComments() {
        guard position < source.count else { return }
        commentBytes[position] = source[position]
        blank()
    }

    private mutating func blank() {
        if source[position] != newline { codeBytes[position] = space }
        position += 1
    }
}

private let newline = UInt8(ascii: "\n")
private let space = UInt8(ascii: " ")
private let quote = UInt8(ascii: "\"")
