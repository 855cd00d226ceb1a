import Foundation

/// A program that a test runs. Not `Process`, which waits for ends in a run loop that tests have none of.
struct ChildProcess {
    let id: pid_t

    struct SpawnFailure: Error {
        var code: Int32
    }

    /// Starts a program without input and output.
    init(_ path: String, _ arguments: [String]) throws {
        var files = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&files)
        defer { unsafe posix_spawn_file_actions_destroy(&files) }
        for descriptor in Int32(0)...2 {
            unsafe posix_spawn_file_actions_addopen(&files, descriptor, "/dev/null", O_RDWR, 0)
        }
        // What other tests have open is not for this program, least of all the ports that they have just found free.
        for descriptor in Int32(3)..<512 { unsafe posix_spawn_file_actions_addclose(&files, descriptor) }
        // Every string lives until the spawn is over; the list ends with none.
        var words = unsafe ([path] + arguments).map { unsafe strdup($0) }
        defer { unsafe words.forEach { unsafe free($0) } }
        unsafe words.append(nil)
        var id = pid_t()
        let code = unsafe posix_spawn(&id, path, &files, nil, words, environ)
        guard code == 0 else { throw SpawnFailure(code: code) }
        self.id = id
    }

    func signal(_ number: Int32) { Foundation.kill(id, number) }

    /// Waits for its end.
    /// - Returns: whether it ended well.
    @discardableResult
    func wait() -> Bool {
        var status: Int32 = 0
        while unsafe waitpid(id, &status, 0) == -1, errno == EINTR {}
        return status == 0
    }
}
