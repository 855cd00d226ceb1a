import Foundation

#if canImport(Glibc)
import Glibc
#endif

/// Gives memory that was freed back to the system, which glibc keeps otherwise: after a flood of connections the process is as
/// small as before it.
///
/// It acts when the process has grown since the last time, again half a minute later, since what made it grow is let go of only by
/// and by, and as often while it stays larger than it was at its smallest.
struct MemoryReturn {
    private static let pause = Duration.seconds(10)
    private static let pausesBetweenAttempts = 3
    /// Less growth is not worth the milliseconds for which the allocator is locked.
    private static let leastGrowth = 8 << 20
    private static let leastExcess = 1 << 20

    private var smallest = Int.max
    private var last = 0
    private var pausesSinceLast = 0
    private var isToBeRepeated = false

    /// Looks again and again, until its task is cancelled.
    @concurrent static func run() async {
        var state = MemoryReturn()
        while (try? await Task.sleep(for: pause)) != nil { state.look() }
    }

    private mutating func look() {
        guard let resident = Self.residentBytes() else { return }
        smallest = min(smallest, resident)
        if last == 0 { last = resident }
        pausesSinceLast += 1
        let hasGrown = resident > last + Self.leastGrowth
        let isLarge = resident > smallest + Self.leastExcess
        let isDue = pausesSinceLast >= Self.pausesBetweenAttempts && (isLarge || isToBeRepeated)
        guard hasGrown || isDue else { return }
        isToBeRepeated = hasGrown
        Self.trim()
        last = Self.residentBytes() ?? resident
        smallest = min(smallest, last)
        pausesSinceLast = 0
    }

    private static func residentBytes() -> Int? {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
        let fields = text.split(separator: " ")
        return fields.count > 1 ? Int(fields[1]).map { $0 * Int(getpagesize()) } : nil
    }

    /// `malloc_trim`, which Swift's module of glibc leaves out. Other C libraries have none and need none.
    private static func trim() {
        #if canImport(Glibc)
        guard let symbol = unsafe dlsym(nil, "malloc_trim") else { return }
        // The symbol is `int malloc_trim(size_t)` wherever it exists: malloc_trim(3).
        let function = unsafe unsafeBitCast(symbol, to: (@convention(c) (Int) -> CInt).self)
        _ = function(0)
        #endif
    }
}
