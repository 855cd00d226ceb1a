import Model
public import NIOCore
import Selection

/// Asks backends again and again whether they are well, and tells when the verdict on one of them changes.
///
/// One monitor serves all workers; it runs beside them.
public actor HealthMonitor {
    /// Told the backend's name, the target's identity, and the new verdict.
    public typealias Report = @Sendable (String, UInt64, Bool) async -> Void

    private struct Key: Hashable {
        var backend: String
        var target: ResolvedTarget
        var check: Backend.HealthCheck
        /// Another one makes another check.
        var tls: ObjectIdentifier?
    }

    private var checks: [Key: Task<Void, Never>] = [:]
    private let group: any EventLoopGroup
    private let report: Report

    /// Makes a monitor whose connections live on `group`.
    public init(group: any EventLoopGroup, report: @escaping Report) {
        self.group = group
        self.report = report
    }

    /// Checks these backends from now on. Checks that go on keep their tally.
    public func watch(_ plans: [BackendPlan], targets: TargetDirectory) {
        var wanted: [Key: UpstreamTLS?] = [:]
        for plan in plans {
            guard let check = plan.settings.health else { continue }
            let tls = plan.tls.map { ObjectIdentifier($0) }
            for target in targets.addresses(of: plan.settings) {
                let key = Key(backend: plan.settings.name, target: target, check: check, tls: tls)
                wanted.updateValue(plan.tls, forKey: key)
            }
        }
        for (key, task) in checks where wanted[key] == nil {
            task.cancel()
            checks[key] = nil
        }
        for (key, tls) in wanted where checks[key] == nil {
            checks[key] = Task { [group, report] in
                await Self.check(key, tls, group, report)
            }
        }
    }

    /// Ends all checks.
    public func stop() {
        for task in checks.values { task.cancel() }
        checks = [:]
    }

    private static func check(_ key: Key, _ tls: UpstreamTLS?, _ group: any EventLoopGroup, _ report: Report) async {
        var tally = HealthTally(key.check)
        while !Task.isCancelled {
            let isWell = await HealthProbe.ask(key.target, key.check, tls: tls, on: group.next())
            if Task.isCancelled { return }
            if let verdict = tally.record(success: isWell) { await report(key.backend, key.target.identity, verdict) }
            // A tenth of jitter keeps the checks of many targets apart.
            try? await Task.sleep(for: key.check.interval * Double.random(in: 0.9...1.1))
        }
    }
}
