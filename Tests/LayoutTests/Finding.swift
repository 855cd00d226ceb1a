import Testing

/// One place that breaks a rule of the tree, and what to do about it.
struct Finding: Hashable, CustomStringConvertible {
    var path: String
    var line: Int?
    var reason: String

    var description: String {
        guard let line else { return "\(path): \(reason)" }
        return "\(path):\(line): \(reason)"
    }
}

/// Fails the running test once for each finding.
func expectNone(_ findings: [Finding], sourceLocation: SourceLocation = #_sourceLocation) {
    for finding in findings {
        Issue.record("\(finding)", sourceLocation: sourceLocation)
    }
}
