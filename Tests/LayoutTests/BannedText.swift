/// A text that has no place in the project's Swift files, or only with a stated invariant, and why.
struct BannedText {
    enum Place {
        case code
        case comments
    }

    var pattern: String
    var place: Place
    /// Only files whose path starts with this are looked at.
    var folder = ""
    /// Allowed below a comment `Invariant:` that says what makes it safe.
    var isAllowedWithInvariant = false
    var reason: String
}

/// The project's list.
let bannedTexts: [BannedText] = [
    BannedText(
        pattern: "@unchecked Sendable",
        place: .code,
        isAllowedWithInvariant: true,
        reason: "the compiler no longer checks for races"
    ),
    BannedText(
        pattern: "nonisolated(unsafe)",
        place: .code,
        isAllowedWithInvariant: true,
        reason: "the compiler no longer checks for races"
    ),
    BannedText(
        pattern: "assumeIsolatedUnsafeUnchecked",
        place: .code,
        isAllowedWithInvariant: true,
        reason: "nothing checks that this runs on the loop"
    ),
    BannedText(
        pattern: "try!",
        place: .code,
        isAllowedWithInvariant: true,
        reason: "an error ends the process and every request in it"
    ),
    BannedText(
        pattern: "as!",
        place: .code,
        isAllowedWithInvariant: true,
        reason: "a wrong type ends the process and every request in it"
    ),
    BannedText(
        pattern: "fatalError(",
        place: .code,
        isAllowedWithInvariant: true,
        reason: "it ends the process and every request in it"
    ),
    BannedText(pattern: "TODO", place: .comments, reason: "finish it, or describe it in an issue"),
    BannedText(pattern: "FIXME", place: .comments, reason: "finish it, or describe it in an issue"),
    BannedText(
        pattern: "import Foundation",
        place: .code,
        folder: "Sources/RequestPath/",
        reason: "its types allocate and bridge; the request path works on bytes"
    ),
]

/// How far above a banned text its invariant may stand.
private let invariantReach = 3

/// Every place where a banned text stands, unless its invariant is stated in the three lines above or on its own line.
func bannedTextFindings(in source: SwiftSource, banned: [BannedText] = bannedTexts) -> [Finding] {
    banned.filter { source.path.hasPrefix($0.folder) }.flatMap { text -> [Finding] in
        let lines = text.place == .code ? source.codeLines : source.commentLines
        return lines.indices.compactMap { index in
            guard containsWord(text.pattern, in: lines[index]) else { return nil }
            if text.isAllowedWithInvariant, statesInvariant(source, above: index) { return nil }
            let remedy = text.isAllowedWithInvariant ? "; if it must be, say why it is safe: // Invariant: …" : ""
            return Finding(path: source.path, line: index + 1, reason: "\(text.pattern): \(text.reason)\(remedy)")
        }
    }
}

/// Files and types whose name says that nobody decided what belongs in them.
func namingFindings(in source: SwiftSource) -> [Finding] {
    let stem = source.path.split(separator: "/").last?.prefix { $0 != "." } ?? ""
    var findings: [Finding] = []
    if isVague(stem) { findings.append(Finding(path: source.path, reason: "name the file after its concept")) }
    for (index, line) in source.codeLines.enumerated() {
        guard let declared = line.firstMatch(of: /\b(?:struct|class|enum|actor|protocol) (\w+)/)?.output.1,
            isVague(declared)
        else { continue }
        findings.append(Finding(path: source.path, line: index + 1, reason: "name \(declared) after its concept"))
    }
    return findings
}

private func isVague(_ name: Substring) -> Bool {
    ["Util", "Utils", "Utility", "Utilities", "Helper", "Helpers", "Manager", "Common"].contains(where: name.hasSuffix)
}

private func statesInvariant(_ source: SwiftSource, above index: Int) -> Bool {
    source.commentLines[max(0, index - invariantReach)...index].contains { $0.contains("Invariant:") }
}

/// Whether the pattern stands in the line and is not part of a longer word, as `as!` is of `alias!`.
private func containsWord(_ pattern: String, in line: Substring) -> Bool {
    line.ranges(of: pattern).contains { range in
        let before = range.lowerBound > line.startIndex ? line[line.index(before: range.lowerBound)] : " "
        let after = range.upperBound < line.endIndex ? line[range.upperBound] : " "
        return !(isWordCharacter(before) && pattern.first.map(isWordCharacter) == true)
            && !(isWordCharacter(after) && pattern.last.map(isWordCharacter) == true)
    }
}

private func isWordCharacter(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || character == "_"
}
