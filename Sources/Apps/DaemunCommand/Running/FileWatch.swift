/// Looks at files every second, and tells of a change once it has settled. Needs nothing of the system but `stat`, and
/// so works on every file system.
actor FileWatch {
    private var files: WatchedFiles

    init(paths: [String]) { files = WatchedFiles(paths) }

    /// Watches these from now on.
    func follow(_ paths: [String]) { files.follow(paths) }

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
