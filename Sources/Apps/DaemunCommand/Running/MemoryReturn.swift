#if canImport(Glibc)
import Glibc
#endif

/// Gives memory that was freed back to the system, which glibc keeps otherwise: after a flood of connections the process is as
/// small as before it.
struct MemoryReturn {
    private static let pause = Duration.seconds(10)
    /// Less is not worth the milliseconds for which the allocator is locked.
    private static let leastBytes = 8 << 20

    /// Looks again and again, until its task is cancelled.
    @concurrent static func run() async {
        var kept = 0
        while (try? await Task.sleep(for: pause)) != nil { kept = giveBack(keptBefore: kept) }
    }

    /// - Parameter kept: free bytes that the allocator had after the last time; those are no longer the process's.
    /// - Returns: the same for the next time.
    private static func giveBack(keptBefore kept: Int) -> Int {
        #if canImport(Glibc)
        let free = Int(mallinfo2().fordblks)
        guard free > kept + leastBytes else { return min(kept, free) }
        _ = malloc_trim(0)
        return Int(mallinfo2().fordblks)
        #else
        return kept
        #endif
    }
}
