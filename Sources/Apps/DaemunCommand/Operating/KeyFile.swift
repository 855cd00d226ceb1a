import Foundation

/// A file with a key that is handed to the gateway.
enum KeyFile {
    /// All of a file.
    /// - Throws: a `CommandFailure` when it can't be read.
    static func text(of path: String) throws(CommandFailure) -> String {
        do {
            return try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw CommandFailure(problem: "cannot read \(path): \(error.localizedDescription)")
        }
    }

    /// A file without the end of its line.
    /// - Throws: a `CommandFailure` when it can't be read.
    static func line(of path: String) throws(CommandFailure) -> String {
        let text = try text(of: path)
        return text.last?.isNewline == true ? String(text.dropLast()) : text
    }
}
