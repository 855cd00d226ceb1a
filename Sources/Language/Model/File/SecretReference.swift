/// Where a secret is found. A file never holds one itself, so that it can be shown and kept with the code.
enum SecretReference: Hashable {
    /// A variable of the environment.
    case environment(String)
    /// A file that holds it, and maybe a line end after it.
    case file(String)
}

extension Shape<SecretReference> {
    /// `env:NAME` or `file:/path`.
    static var secret: Shape {
        let expected = "env:NAME or file:PATH, where the secret is found"
        return .scalar(expected, pattern: "^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$") { (text) throws(Fault) in
            if text.hasPrefix("env:"), text.count > 4, text.utf8.dropFirst(4).allSatisfy(\.isWordByte) {
                return .environment(String(text.dropFirst(4)))
            }
            if text.hasPrefix("file:"), text.count > 5 { return .file(String(text.dropFirst(5))) }
            // What stands here may be the secret itself, so it is not repeated.
            throw Fault("expected \(expected)")
        }
    }
}
