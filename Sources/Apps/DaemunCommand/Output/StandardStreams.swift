import Foundation

/// The process's standard output and error.
enum StandardStreams {
    static func write(_ text: String) { try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8)) }

    static func writeError(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }

    /// Colours where a person reads, unless `NO_COLOR` is set (no-color.org).
    static var style: TextStyle {
        let environment = ProcessInfo.processInfo.environment
        let isColored = isatty(STDOUT_FILENO) == 1 && environment["NO_COLOR"] == nil && environment["TERM"] != "dumb"
        return TextStyle(isColored: isColored)
    }
}
