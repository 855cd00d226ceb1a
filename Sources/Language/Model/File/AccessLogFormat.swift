extension Shape<AccessLog.Format> {
    /// `json`, `clf`, or a template with `$context.…` variables.
    static var accessLogFormat: Shape {
        let expected = "json, clf, or a text with $context.… variables"
        return .scalar(expected, written: { $0 == .json ? "json" : nil }) { (text) throws(Fault) in
            switch text {
            case "json": return .json
            case "clf": return .commonLogFormat
            default: break
            }
            guard text.contains("$context.") else {
                let suggestion = Spelling.closest(to: text, among: ["json", "clf"])
                throw Fault("expected \(expected)", text: text, suggestion: suggestion)
            }
            _ = try AccessLogTemplate(text)
            return .template(text)
        }
    }
}
