import Authorization
import CustomerStore
import Exchange
import Integrations
import Listen
import Logging
public import Model
public import NIOCore
import Observation
import Pipeline

/// A gateway in this process: workers that serve a model, and what keeps them supplied.
///
/// ```swift
/// let gateway = try await Gateway.start(model, options: GatewayOptions(threads: 2, steps: [MyStep()]))
/// …
/// try await gateway.stop()
/// ```
public actor Gateway {
    private let options: GatewayOptions
    let plane: DataPlane
    private let names: NameResolution
    private var health: HealthMonitor?
    private var certificateWatch: Task<Void, Never>?
    private let keyWatch: KeyWatch
    /// `nil` without a folder to keep them in.
    private(set) var customers: CustomerBook?
    /// `nil` while no plan has a quota.
    private(set) var quotas: QuotaAccounts?
    /// `nil` without a Redis server.
    private(set) var server: SharedServer?
    /// `nil` while no API has a live table of backends.
    private(set) var tables: BackendTableBook?

    /// What the configuration says; what is served has more.
    private var declared: Model
    var current: Publication
    /// The last reload, so that the next one waits for it.
    private var reloading: Task<Void, Never>?
    private(set) var sockets: [Listener.Socket: SocketAddress] = [:]
    private(set) var loading: LoadRecord

    // MARK: Start

    /// Starts a gateway that serves a model.
    /// - Throws: `Faults` when the model does not compile, or what the system says when a port or the log can't be opened.
    public static func start(_ model: Model, options: GatewayOptions = GatewayOptions()) async throws -> Gateway {
        let clock = ContinuousClock()
        let begun = clock.now
        let server = try SharedServer.open(for: model, logger: options.logger)
        let customers = try await CustomerBook.open(for: model, server: server, logger: options.logger)
        let served = try await customers?.merged(into: model) ?? model
        // Plans that are managed while the gateway runs may have quotas, too.
        let quotas = try QuotaAccounts.open(for: served, server: server, logger: options.logger)
        let snapshot: Snapshot
        do throws(Faults) {
            snapshot = try Snapshot(
                served,
                revision: 1,
                steps: options.steps,
                fingerprinter: customers?.store.fingerprinter,
                quotas: quotas?.keeper,
                rates: server?.rates,
                nonces: server?.nonces
            )
        } catch {
            await quotas?.stop()
            await server?.stop()
            throw error
        }
        let tables = await BackendTableBook.open(for: served, server: server, logger: options.logger)
        let names = NameResolution()
        let publication = Publication(
            snapshot,
            targets: await names.directory(for: served.backends),
            accessLog: try model.accessLog.map { try AccessLogWriter(destination: $0.destination) },
            customers: await customers?.table,
            backendTables: await tables?.tables ?? .none
        )
        let logger = options.logger
        let plane = try await DataPlane.start(publication, threads: options.threads) { trouble in
            Self.log(trouble, to: logger)
        }
        let gateway = Gateway(
            options: options,
            plane: plane,
            names: names,
            declared: model,
            publication: publication,
            loading: LoadRecord(compiledIn: clock.now - begun),
            customers: customers,
            quotas: quotas,
            server: server,
            tables: tables
        )
        await server?.settle()
        do {
            try await gateway.open(snapshot.listeners)
            await gateway.warnOfFewDescriptors(model.limits)
        } catch {
            try await plane.stop()
            await quotas?.stop()
            await server?.stop()
            throw error
        }
        await gateway.watchBackends()
        await gateway.watchCertificates()
        await gateway.watchKeys()
        await gateway.watchCustomers()
        await gateway.watchTables()
        return gateway
    }

    private init(
        options: GatewayOptions,
        plane: DataPlane,
        names: NameResolution,
        declared: Model,
        publication: Publication,
        loading: LoadRecord,
        customers: CustomerBook?,
        quotas: QuotaAccounts?,
        server: SharedServer?,
        tables: BackendTableBook?
    ) {
        self.options = options
        self.plane = plane
        self.names = names
        keyWatch = KeyWatch(logger: options.logger)
        self.declared = declared
        self.current = publication
        self.loading = loading
        self.customers = customers
        self.quotas = quotas
        self.server = server
        self.tables = tables
    }

    private func open(_ listeners: [ListenerPlan]) async throws {
        for plan in listeners where sockets[plan.listener.socket] == nil {
            guard let address = try await plane.listen(plan) else { continue }
            sockets[plan.listener.socket] = address
            options.logger.info("listening", metadata: ["address": "\(address)"])
        }
    }

    private func warnOfFewDescriptors(_ limits: Limits) {
        guard let wanted = limits.connections, wanted > DescriptorLimit.current else { return }
        options.logger.warning(
            "fewer descriptors than limits.connections",
            metadata: ["connections": "\(wanted)", "descriptors": "\(DescriptorLimit.current)"]
        )
    }

    /// The bound client listeners, in the order of the model.
    public var addresses: [SocketAddress] { current.snapshot.model.listeners.compactMap { sockets[$0.socket] } }

    // MARK: Reload

    /// Serves another model from now on; calls in flight end as they began. Reloads run one after the other, in the order of the calls.
    /// - Throws: all faults at once. The old model is then served on, and the faults are kept for `/snapshot`.
    public func reload(_ model: Model) async throws(Faults) {
        let faults = await next { gateway in
            let faults = await gateway.result(ofChangeTo: model)
            // What is served on is what customers are held against.
            if faults != nil {
                _ = try? await gateway.customers?.merged(into: gateway.declared)
                await gateway.tables?.adopt(gateway.current.snapshot.model)
            }
            return faults
        }
        if let faults { throw faults }
    }

    /// Runs after all that was to be changed before.
    private func next<Value: Sendable>(
        _ change: @escaping @Sendable (isolated Gateway) async -> Value
    ) async -> Value {
        let earlier = reloading
        let this = Task {
            await earlier?.value
            return await change(self)
        }
        reloading = Task { _ = await this.value }
        return await this.value
    }

    private func result(ofChangeTo model: Model) async -> Faults? {
        do {
            try await change(to: model)
            declared = model
            await customers?.sealAll()
            options.logger.info("configuration loaded", metadata: ["revision": "\(current.snapshot.revision)"])
            return nil
        } catch {
            let faults = error as? Faults ?? Faults([Fault("the new configuration can't be served: \(error)")])
            refuseReload(faults)
            return faults
        }
    }

    /// Notes why a new configuration was not taken.
    public func refuseReload(_ faults: Faults) {
        loading.lastRefusal = LoadRecord.Refusal(at: .now, faults: faults.all)
        options.logger.error(
            "configuration refused, the old one is served on",
            metadata: ["faults": "\(faults.all.count)", "revision": "\(current.snapshot.revision)"]
        )
    }

    private func change(to declared: Model) async throws {
        let clock = ContinuousClock()
        let begun = clock.now
        let old = current
        let steps = options.steps
        let revision = old.snapshot.revision + 1
        let server = try server?.remaining(for: declared) ?? SharedServer.open(for: declared, logger: options.logger)
        self.server = server
        let customers = try await CustomerBook.reopen(
            customers,
            for: declared,
            server: server,
            logger: options.logger
        )
        self.customers = customers
        let model = try await customers?.merged(into: declared) ?? declared
        let quotas =
            try quotas?.remaining(for: model)
            ?? QuotaAccounts.open(for: model, server: server, logger: options.logger)
        self.quotas = quotas
        let fingerprinter = customers?.store.fingerprinter
        // Compiling thousands of routes takes a while, and must hold up neither this actor nor a worker.
        let snapshot = try await Task.detached {
            try Snapshot(
                model,
                revision: revision,
                steps: steps,
                fingerprinter: fingerprinter,
                quotas: quotas?.keeper,
                rates: server?.rates,
                nonces: model.redis == nil ? nil : server?.nonces,
                former: old.snapshot
            )
        }.value
        let accessLog = try accessLog(for: model, instead: old)
        do {
            try await open(snapshot.listeners)
            warnOfFewDescriptors(model.limits)
        } catch {
            await close(except: old.snapshot.model.listeners)
            throw error
        }
        tables = await BackendTableBook.reopen(tables, for: model, server: server, logger: options.logger)
        // Last, since it forgets the names that only the old model has.
        let targets = await names.directory(for: model.backends)
        let table = await customers?.table
        let newest = table.map { CustomerTable.newer(current.customers, $0) }
        let tables = await tables?.tables ?? .none
        current = Publication(
            snapshot,
            targets: targets,
            accessLog: accessLog,
            customers: newest,
            backendTables: tables
        )
        try await plane.publish(current)
        loading.compiled(in: clock.now - begun)
        await close(except: model.listeners)
        if let former = old.accessLog, former !== accessLog { Self.close(former) }
        await watchBackends()
        watchCertificates()
        await watchKeys()
        await watchCustomers()
        await watchTables()
    }

    /// The writer goes on when its destination stays.
    private func accessLog(for model: Model, instead old: Publication) throws -> AccessLogWriter? {
        guard let settings = model.accessLog else { return nil }
        if settings.destination == old.snapshot.model.accessLog?.destination { return old.accessLog }
        return try AccessLogWriter(destination: settings.destination)
    }

    private func close(except listeners: [Listener]) async {
        let wanted = Set(listeners.map(\.socket))
        for socket in sockets.keys where !wanted.contains(socket) {
            sockets[socket] = nil
            try? await plane.stopListening(on: socket)
        }
    }

    private static func close(_ log: AccessLogWriter) {
        Task.detached { log.close(within: .seconds(5)) }
    }

    /// Opens the log files anew, after they were renamed.
    public func reopenLogs() { current.accessLog?.reopen() }

    // MARK: Backends

    private func watchBackends() async {
        let monitor = health ?? makeHealthMonitor()
        health = monitor
        let backends = current.snapshot.model.backends
        for backend in backends where backend.trustsAnybody {
            options.logger.warning(
                "certificates are not verified: whoever answers for this backend is believed",
                metadata: ["backend": "\(backend.name)"]
            )
        }
        await monitor.watch(current.snapshot.backends, targets: current.targets)
        await names.watch(backends) { [weak self] targets in await self?.take(targets) }
    }

    private static func log(_ trouble: UpstreamTrouble, to logger: Logger) {
        var metadata: Logger.Metadata = ["backend": "\(trouble.backend)", "reason": "\(trouble.reason)"]
        if let target = trouble.target { metadata["target"] = "\(target)" }
        if trouble.isOver {
            logger.notice("backend is well again", metadata: metadata)
        } else {
            logger.warning("backend fails", metadata: metadata)
        }
    }

    private func makeHealthMonitor() -> HealthMonitor {
        HealthMonitor(group: plane.eventLoops) { [plane, logger = options.logger] name, target, isHealthy in
            logger.notice("backend health changed", metadata: ["backend": "\(name)", "healthy": "\(isHealthy)"])
            try? await plane.setHealth(of: target, backend: name, isHealthy: isHealthy)
        }
    }

    private func take(_ targets: TargetDirectory) async {
        current.targets = targets
        try? await plane.update(targets)
        await health?.watch(current.snapshot.backends, targets: targets)
    }

    // MARK: Certificates

    private func watchCertificates() {
        certificateWatch?.cancel()
        certificateWatch = Task { [listeners = current.snapshot.listeners, logger = options.logger] in
            await CertificateWatch(listeners).run(logger)
        }
    }

    // MARK: Keys

    private func watchKeys() async { await keyWatch.watch(current.snapshot.authorization.fetchedKeys) }

    // MARK: Customers

    private func watchCustomers() async {
        await customers?.watch { [weak self] in await self?.take($0) }
    }

    private func take(_ change: CustomerBook.Change) async {
        switch change {
        case .customers(let table):
            current.customers = .newer(current.customers, table)
            try? await plane.update(table)
        case .routes: await next { gateway in await gateway.republish() }
        }
    }

    /// Serves the same configuration with what customers have of their own by now, and with the plans of the store.
    private func republish() async {
        do {
            try await change(to: declared)
            let revision = "\(current.snapshot.revision)"
            options.logger.info("customers have other routes or plans", metadata: ["revision": "\(revision)"])
        } catch {
            options.logger.error("what customers or plans have become can't be served", metadata: ["error": "\(error)"])
        }
    }

    // MARK: Stop

    /// Stops accepting, waits for the calls in flight for the model's `drain` time, writes the last log lines and ends.
    public func stop() async throws {
        await names.stop()
        await health?.stop()
        certificateWatch?.cancel()
        await keyWatch.stop()
        await customers?.stop()
        await tables?.stop()
        sockets = [:]
        try await plane.drain(within: current.snapshot.model.drainTimeout)
        // When the calls have ended: what they hold is given back, and after this nothing is.
        await quotas?.stop()
        await server?.stop()
        try await plane.stop()
        if let log = current.accessLog {
            await Task.detached { _ = log.close(within: .seconds(5)) }.value
        }
    }
}
