import Foundation
import QuotaStore
import Quotas
import Synchronization
import Testing

@testable import Throttling

/// Processes that die by `kill -9` at random moments, one after another, over one file.
///
/// A child writes down each call before it would let it through: the time, eight bytes, in a file that outlives it.
@Suite(.serialized) struct QuotaDeathTests {
    private static let folderVariable = "DAEMUN_QUOTA_DEATH_FOLDER"
    private static let limit = 300_000
    private static let key = QuotaKey(quota: "daily", subject: "acme")

    private struct Files {
        var folder: URL
        var database: String { folder.appending(path: "quota.sqlite").path }
        var calls: String { folder.appending(path: "calls").path }
        var pid: String { folder.appending(path: "pid").path }

        /// The times at which calls were let through, in order.
        func times() throws -> [UInt64] {
            guard FileManager.default.fileExists(atPath: calls) else { return [] }
            let bytes = try Data(contentsOf: URL(filePath: calls))
            return stride(from: 0, to: bytes.count - 7, by: 8).map { start in
                (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[bytes.startIndex + start + $1]) << UInt64(8 * $1) }
            }
        }
    }

    private enum Pace { case bursts, unbounded, untilExhausted }

    /// What the child does until it is killed, or there are no more calls.
    private static func spend(_ pace: Pace) async throws {
        let folder = try #require(ProcessInfo.processInfo.environment[folderVariable])
        let files = Files(folder: URL(filePath: folder))
        let ledger = try SQLiteQuotaLedger(path: files.database)
        let keeper = QuotaKeeper(ledger: ledger, clock: { clock() })
        let quota = Quota(name: "daily", calls: limit, period: .month, calendar: try QuotaCalendar(timeZone: "UTC"))
        let reserve = keeper.reserve(for: key, quota)
        let running = Task { await keeper.run() }
        let record = unsafe open(files.calls, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        try Data("\(getpid())".utf8).write(to: URL(filePath: files.pid), options: .atomic)
        let isWaiting = Flag()
        var isExhausted = false
        while !isExhausted || pace != .untilExhausted {
            for _ in 0..<(pace == .bursts ? 40 : 1_000_000) {
                switch reserve.take(at: clock().second) {
                case .taken(let ticket):
                    var time = clock().monotonic.littleEndian
                    guard unsafe write(record, &time, 8) == 8 else { return }
                    ticket.commit()
                    continue
                case .exhausted: isExhausted = true
                default: if isWaiting.raise() { _ = reserve.whenChanged { isWaiting.lower() } }
                }
                break
            }
            try await Task.sleep(for: .milliseconds(pace == .bursts ? 5 : 1))
        }
        await keeper.stop()
        await running.value
    }

    private static func clock() -> QuotaTime {
        QuotaTime(
            second: Int64(Date().timeIntervalSince1970),
            monotonic: UInt64(DispatchTime.now().uptimeNanoseconds)
        )
    }

    /// Kills the child some time after it began to spend.
    private static func kill(_ files: Files, after delay: Duration) async throws {
        var pid: Int32?
        while pid == nil {
            try await Task.sleep(for: .milliseconds(5))
            pid = (try? String(contentsOfFile: files.pid, encoding: .utf8)).flatMap { Int32($0) }
        }
        try FileManager.default.removeItem(atPath: files.pid)
        try await Task.sleep(for: delay)
        if let pid { _ = Foundation.kill(pid, SIGKILL) }
    }

    @Test func `kill -9 at any moment lets no call over the limit through and costs a second's calls at most`()
        async throws
    {
        let folder = FileManager.default.temporaryDirectory.appending(path: "quota-death-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = Files(folder: folder)
        #expect(unsafe setenv(Self.folderVariable, folder.path, 1) == 0)
        let month = try QuotaCalendar(timeZone: "UTC").window(.month, at: Self.clock().second)
        var former = (spent: 0, lost: 0)
        for round in 0..<16 {
            let isFast = round >= 10
            async let killed: Void = Self.kill(files, after: .milliseconds(Int.random(in: 0...(isFast ? 150 : 600))))
            if isFast {
                await #expect(processExitsWith: .signal(SIGKILL)) { try await Self.spend(.unbounded) }
            } else {
                await #expect(processExitsWith: .signal(SIGKILL)) { try await Self.spend(.bursts) }
            }
            try await killed
            let times = try files.times()
            let usage = try await SQLiteQuotaLedger(path: files.database).usage(Self.key, windowAt: month.start)
            let lost = (usage?.taken ?? 0) - times.count
            let lastSecond = times.dropFirst(former.spent).reversed()
                .prefix { $0 + 1_000_000_000 > times.last ?? 0 }.count
            #expect(times.count <= Self.limit && lost >= former.lost, "round \(round)")
            // One more for a call that was taken and not yet written down, and one for a reserve that was just filled.
            #expect(lost - former.lost <= lastSecond + 2, "round \(round): \(lastSecond) calls in the last second")
            print(
                "death \(round): \(times.count - former.spent) calls, \(lost - former.lost) lost, \(lastSecond) in a second"
            )
            former = (times.count, lost)
        }
        await #expect(processExitsWith: .success) { try await Self.spend(.untilExhausted) }
        let spent = try files.times().count
        let usage = try await SQLiteQuotaLedger(path: files.database).usage(Self.key, windowAt: month.start)
        #expect(usage?.taken == Self.limit && spent + former.lost == Self.limit)
        print("quota of \(Self.limit): \(spent) calls, \(former.lost) lost in 16 deaths")
    }
}

private final class Flag: Sendable {
    private let isUp = Atomic(false)

    /// Whether it was down.
    func raise() -> Bool { !isUp.exchange(true, ordering: .relaxed) }

    func lower() { isUp.store(false, ordering: .relaxed) }
}
