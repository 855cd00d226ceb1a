/// Why a command can't do what it was asked for, and what to do about it.
struct CommandFailure: Error, CustomStringConvertible {
    /// What is wrong, as a sentence without full stop.
    var problem: String
    /// What to do next, in sentences.
    var remedy: String?

    var description: String { problem + (remedy.map { "\n\($0)" } ?? "") }
}
