import Foundation
import Logging
import Model
import NIOCore
import Observation
import QuotaStore
import Quotas
import Synchronization
import Throttling

/// The quotas of a gateway: the count on disk, and who keeps reserves of it for the workers.
final class QuotaAccounts: Sendable {
    let ledger: SQLiteQuotaLedger
    let keeper: QuotaKeeper
    private let folder: String
    private let failures: LedgerFailures
    private let running: Task<Void, Never>
    private let forgetting: Task<Void, Never>

    private static let file = "quotas.sqlite"
    /// What was used is told for so long.
    private static let keptDays: Int64 = 400

    /// Opens the count, if the model has quotas.
    /// - Throws: `Faults` when there is no folder for it, or it can't be used.
    static func open(for model: Model, logger: Logger) throws(Faults) -> QuotaAccounts? {
        guard let plan = model.plans.first(where: { !$0.quotas.isEmpty }) else { return nil }
        guard let folder = model.dataFolder else {
            let rule = "quotas are counted on disk: name a folder with \"data\", or with --data"
            throw Faults([Fault(rule, at: plan.source, text: plan.name)])
        }
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            return QuotaAccounts(try SQLiteQuotaLedger(path: folder + "/" + file), folder: folder, logger)
        } catch {
            let reason = "quotas can't be counted in this folder: \(error.localizedDescription)"
            throw Faults([Fault(reason, at: plan.source, text: folder)])
        }
    }

    private init(_ ledger: SQLiteQuotaLedger, folder: String, _ logger: Logger) {
        let failures = LedgerFailures(logger)
        let keeper = QuotaKeeper(ledger: ledger, clock: { Self.now }, report: { failures.add($0) })
        self.ledger = ledger
        self.keeper = keeper
        self.folder = folder
        self.failures = failures
        running = Task.detached { await keeper.run() }
        forgetting = Task.detached {
            repeat {
                _ = try? await ledger.forget(before: Self.now.second - Self.keptDays * 86_400)
            } while (try? await Task.sleep(for: .seconds(3_600))) != nil
        }
    }

    /// These accounts, for another model.
    /// - Throws: a fault when that wants them in another folder.
    func remaining(for model: Model) throws(Faults) -> QuotaAccounts {
        guard model.hasQuotas, model.dataFolder != folder else { return self }
        let rule = "the folder of quotas changes with a restart only; it is \"\(folder)\" now"
        throw Faults([Fault(rule, text: model.dataFolder ?? "none")])
    }

    /// Books what was used, and puts back what was not. Only after the last call.
    func stop() async {
        forgetting.cancel()
        await keeper.stop()
        await running.value
    }

    var families: [MetricFamily] {
        [
            MetricFamily(
                name: "daemun_quota_store_failures_total",
                help: "Times that the count of quotas could not be read or written.",
                kind: .counter,
                samples: [MetricSample(value: .number(Double(failures.count)))]
            )
        ]
    }

    static var now: QuotaTime {
        QuotaTime(
            second: Int64(Date().timeIntervalSince1970.rounded(.down)),
            monotonic: NIODeadline.now().uptimeNanoseconds
        )
    }
}

/// Tells operators that the count can't be written, now and then.
private final class LedgerFailures: Sendable {
    private struct State {
        var count = 0
        var lastTold: NIODeadline?
    }

    private let state = Mutex(State())
    private let logger: Logger
    private static let pause = TimeAmount.seconds(10)

    init(_ logger: Logger) { self.logger = logger }

    var count: Int { state.withLock { $0.count } }

    func add(_ error: any Error) {
        let now = NIODeadline.now()
        let isToTell = state.withLock { state in
            state.count += 1
            if let last = state.lastTold, now < last + Self.pause { return false }
            state.lastTold = now
            return true
        }
        if isToTell {
            logger.error("quotas can't be counted, calls that need them are refused", metadata: ["reason": "\(error)"])
        }
    }
}
