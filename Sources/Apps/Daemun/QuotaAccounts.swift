import Foundation
import Logging
import Model
import NIOCore
import Observation
import QuotaStore
import Quotas
import Redis
import Throttling

/// The quotas of a gateway: the count on disk or in Redis, and who keeps reserves of it for the workers.
final class QuotaAccounts: Sendable {
    let records: any QuotaRecords
    let keeper: QuotaKeeper
    private let place: QuotaPlace
    /// Ends what the ledger stands on.
    private let close: @Sendable () async -> Void
    private let failures: FailureLog
    private let running: Task<Void, Never>

    private static let file = "quotas.sqlite"
    /// What was used is told for so long.
    private static let keptDays: Int64 = 400

    /// Opens the count, if the model has quotas.
    /// - Throws: `Faults` when there is no folder for it, or it can't be used.
    /// - Parameter server: the one that the model names.
    static func open(for model: Model, server: SharedServer?, logger: Logger) throws(Faults) -> QuotaAccounts? {
        guard let plan = model.plans.first(where: { !$0.quotas.isEmpty }) else { return nil }
        guard let place = QuotaPlace(model) else {
            let rule = "quotas are counted on disk: name a folder with \"data\", or with --data"
            throw Faults([Fault(rule, at: plan.source, text: plan.name)])
        }
        switch place {
        case .folder(let folder): return try open(folder, for: plan, logger)
        case .server:
            guard let server else { return nil }
            let ledger = RedisQuotaLedger(server.handle)
            return QuotaAccounts(ledger, records: ledger, place: place, logger) {}
        }
    }

    private static func open(
        _ folder: String,
        for plan: UsagePlan,
        _ logger: Logger
    ) throws(Faults) -> QuotaAccounts {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let ledger = try SQLiteQuotaLedger(path: folder + "/" + file)
            let forgetting = Task.detached {
                repeat {
                    _ = try? await ledger.forget(before: Self.now.second - Self.keptDays * 86_400)
                } while (try? await Task.sleep(for: .seconds(3_600))) != nil
            }
            return QuotaAccounts(ledger, records: ledger, place: .folder(folder), logger) { forgetting.cancel() }
        } catch {
            let reason = "quotas can't be counted in this folder: \(error.localizedDescription)"
            throw Faults([Fault(reason, at: plan.source, text: folder)])
        }
    }

    private init(
        _ ledger: any QuotaLedger,
        records: any QuotaRecords,
        place: QuotaPlace,
        _ logger: Logger,
        close: @escaping @Sendable () async -> Void
    ) {
        let failures = FailureLog(logger, "quotas can't be counted, calls that need them are refused")
        let keeper = QuotaKeeper(ledger: ledger, clock: { Self.now }, report: { failures.add($0) })
        self.records = records
        self.keeper = keeper
        self.place = place
        self.failures = failures
        self.close = close
        running = Task.detached { await keeper.run() }
    }

    /// These accounts, for another model.
    /// - Throws: a fault when that wants them in another folder.
    func remaining(for model: Model) throws(Faults) -> QuotaAccounts {
        let wanted = QuotaPlace(model)
        guard model.hasQuotas, wanted != place else { return self }
        throw Faults([Fault("where quotas are counted changes with a restart only; it is \(place) now")])
    }

    /// Books what was used, and puts back what was not. Only after the last call.
    func stop() async {
        await keeper.stop()
        await running.value
        await close()
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

/// Where quotas are counted.
private enum QuotaPlace: Equatable, CustomStringConvertible {
    case folder(String)
    case server(url: String)

    /// `nil` when the model names none.
    init?(_ model: Model) {
        if let server = model.redis {
            self = .server(url: server.url)
        } else if let folder = model.dataFolder {
            self = .folder(folder)
        } else {
            return nil
        }
    }

    var description: String {
        switch self {
        case .folder(let folder): "the folder \(folder)"
        case .server(let url): url
        }
    }
}
