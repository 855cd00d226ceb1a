import Model

/// How texts look: with a terminal's colours or without.
struct TextStyle {
    var isColored: Bool

    static let plain = TextStyle(isColored: false)

    func bold(_ text: String) -> String { dressed(text, code: "1") }
    func dim(_ text: String) -> String { dressed(text, code: "2") }
    func red(_ text: String) -> String { dressed(text, code: "31") }
    func green(_ text: String) -> String { dressed(text, code: "32") }

    private func dressed(_ text: String, code: String) -> String {
        isColored ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}

extension TextStyle {
    /// A fault on one line; without colours, its `description`.
    func line(_ fault: Fault) -> String {
        guard isColored else { return fault.description }
        var line = ""
        if let location = fault.location { line += bold(location.description) + ": " }
        line += fault.message
        if let text = fault.text { line += ": " + red("\"\(text)\"") }
        if let suggestion = fault.suggestion { line += "; did you mean " + green("\"\(suggestion)\"") + "?" }
        return line
    }

    /// All faults and how many there are.
    func lines(_ faults: Faults) -> String {
        let count = faults.all.count
        return faults.all.map { line($0) + "\n" }.joined() + red(count == 1 ? "1 fault" : "\(count) faults") + "\n"
    }
}
