import Foundation

/// Looks at files every second, and tells of a change once it has settled. Needs nothing of the system but `stat`, and
/// so works on every file system.
actor FileWatch {
    private var files: WatchedFiles

    /// - Parameter reading: when the files began to be read.
    init(paths: [String], reading: Date) { files = WatchedFiles(paths, reading: reading) }

    /// Watches these from now on.
    func follow(_ paths: [String], reading: Date) { files.follow(paths, reading: reading) }

    /// Calls `onChange` after each change, until the task is cancelled.
    func run(onChange: @Sendable () -> Void) async {
        var pause = Duration.seconds(1)
        while true {
            do { try await Task.sleep(for: pause) } catch { return }
            switch files.look() {
            case .same: pause = .seconds(1)
            case .changing: pause = .milliseconds(100)
            case .changed:
                pause = .seconds(1)
                onChange()
            }
        }
    }
}
