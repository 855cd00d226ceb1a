/// How far down a page its first example may start.
private let exampleReach = 40

/// A page of the guide has a title, and shows before it explains: a fenced example among its first 40 lines.
func documentFindings(path: String, text: String) -> [Finding] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    var findings: [Finding] = []
    if lines.first?.hasPrefix("# ") != true {
        findings.append(Finding(path: path, line: 1, reason: "starts with no heading"))
    }
    if !lines.prefix(exampleReach).contains(where: { $0.hasPrefix("```") }) {
        findings.append(Finding(path: path, reason: "shows no fenced example in its first \(exampleReach) lines"))
    }
    return findings
}

/// The two READMEs say the same, so their tables, the status table among them, have the same numbers of rows.
func translationFindings(readme: String?, korean: String?) -> [Finding] {
    switch (readme, korean) {
    case (nil, nil): return []
    case (nil, _): return [Finding(path: "README.md", reason: "is missing, but README.ko.md is there")]
    case (_, nil): return [Finding(path: "README.ko.md", reason: "is missing, but README.md is there")]
    case (let readme?, let korean?):
        let (expected, found) = (rowsOfTables(readme), rowsOfTables(korean))
        guard expected != found else { return [] }
        return [Finding(path: "README.ko.md", reason: "has tables of \(found) rows, README.md of \(expected)")]
    }
}

/// The number of rows of each table of a Markdown text, in order, without heading and rule.
private func rowsOfTables(_ text: String) -> [Int] {
    text.split(separator: "\n", omittingEmptySubsequences: false)
        .split { !$0.hasPrefix("|") }
        .map { $0.count - 2 }
}
