import Logging
import Model
import NIOCore
import Observation
import Pipeline
import Redis

/// The live tables of customers' backends: has the workers know what Redis has, and serve the last that was known while it is away.
///
/// Redis tells of each change. In case that went amiss, it is asked each second how far the tables are.
actor BackendTableBook {
    /// What is known of a table.
    struct Known: Sendable {
        var head: BackendTableLedger.Head
        /// As they are in Redis.
        var rows: [BackendRow]
        /// Those that count.
        var served: [BackendRow] = []
        /// Why the others do not.
        var faults: [BackendRow: Fault] = [:]
        /// When Redis last had this very table; `nil` for one that comes from the folder's copy, as long as Redis was not asked.
        var confirmedAt: WallTime?
    }

    /// Why a table can't be read, or not changed.
    enum Trouble: Error, CustomStringConvertible {
        case tooLarge(rows: Int)
        case changesAllTheTime

        var description: String {
            switch self {
            case .tooLarge(let rows):
                """
                the table in Redis has \(rows) rows: of more than \(BackendTableLedger.mostRows), or \
                \(BackendTableLedger.mostBytes >> 20) MiB, none is read
                """
            case .changesAllTheTime: "the table changes all the time"
            }
        }
    }

    let ledger: BackendTableLedger
    private let logger: Logger
    private let failures: FailureLog
    /// `nil` without a folder.
    private let copy: BackendTableCopy?
    private let copyFailures: FailureLog
    private(set) var model: Model
    private(set) var apis: [String]
    private(set) var known: [String: Known] = [:]
    /// Why what is known of a table may not be what Redis has.
    private(set) var problems: [String: String] = [:]
    private(set) var tables: BackendTables
    private var publish: (@Sendable (BackendTables) async -> Void)?
    /// Those of which Redis has told since they were last read.
    private var announced: Set<String> = []
    private var lastLook = ContinuousClock.now
    /// The last look, so that the next one waits for it.
    private var looking: Task<Void, Never>?
    private var following: Task<Void, Never>?

    /// How often Redis is asked.
    private static let interval = Duration.seconds(1)
    /// How long announcements are gathered, so that a thousand changes are not as many readings.
    private static let gathering = Duration.milliseconds(200)
    /// How often a table is read that changes while it is read.
    private static let mostAttempts = 10

    /// Reads all tables.
    /// - Returns: `nil` when no API has one.
    static func open(for model: Model, server: SharedServer?, logger: Logger) async -> BackendTableBook? {
        guard !model.tabledAPIs.isEmpty, let server else { return nil }
        let book = BackendTableBook(model, redis: server.handle, logger: logger)
        await book.readCopy()
        await book.look()
        return book
    }

    /// The book for another model; one that is opened stays, though there may be nothing in it.
    static func reopen(
        _ book: BackendTableBook?,
        for model: Model,
        server: SharedServer?,
        logger: Logger
    ) async -> BackendTableBook? {
        guard let book else { return await open(for: model, server: server, logger: logger) }
        await book.adopt(model)
        return book
    }

    private init(_ model: Model, redis: RedisHandle, logger: Logger) {
        ledger = BackendTableLedger(redis: redis)
        self.logger = logger
        failures = FailureLog(
            logger,
            "tables of backends are not in step: they serve as they were, and can't be changed"
        )
        copy = BackendTableCopy(for: model)
        copyFailures = FailureLog(logger, "tables of backends can't be kept for a start without Redis")
        self.model = model
        apis = model.tabledAPIs
        tables = BackendTables(number: 1, of: model, rows: [:])
    }

    // MARK: What the file says

    /// Knows the tables of another model, and which of their rows count by it.
    func adopt(_ model: Model) async {
        self.model = model
        apis = model.tabledAPIs
        known = known.filter { apis.contains($0.key) }
        problems = problems.filter { apis.contains($0.key) }
        for (api, table) in known { take(table.rows, table.head, of: api, at: table.confirmedAt) }
        compile()
        if apis.contains(where: { known[$0] == nil }) { await look() }
    }

    private func compile() {
        tables = BackendTables(number: tables.number + 1, of: model, rows: known.mapValues(\.served))
    }

    // MARK: Following

    /// Has the workers told of every change from now on.
    func watch(_ publish: @escaping @Sendable (BackendTables) async -> Void) {
        guard following == nil else { return }
        self.publish = publish
        following = Task { [weak self, events = ledger.redis.events(of: BackendTableLedger.channel)] in
            await withTaskGroup { group in
                group.addTask { [weak self] in
                    for await event in events { await self?.note(event) }
                }
                group.addTask { [weak self] in
                    while !Task.isCancelled {
                        try? await Task.sleep(for: Self.gathering)
                        await self?.lookWhenDue()
                    }
                }
            }
        }
    }

    /// Follows no longer.
    func stop() { following?.cancel() }

    private func note(_ event: RedisSubscriptionEvent) {
        switch event {
        // What was announced meanwhile, nobody has heard.
        case .active: announced.formUnion(apis)
        case .message(let text):
            let api = String(buffer: text)
            if apis.contains(api) { announced.insert(api) }
        case .interrupted, .refused: break
        }
    }

    private func lookWhenDue() async {
        guard !apis.isEmpty, !announced.isEmpty || ContinuousClock.now - lastLook >= Self.interval else { return }
        await look()
    }

    /// Asks Redis how far the tables are, and reads those that have changed. When this returns, the workers know.
    /// - Parameter api: one that is to be read in any case.
    func look(at api: String? = nil) async {
        if let api { announced.insert(api) }
        let this = Task { [earlier = looking] in
            await earlier?.value
            let former = tables.number
            await catchUp()
            if tables.number != former {
                if let publish { await publish(tables) }
                writeCopy()
            }
        }
        looking = this
        await this.value
    }

    // MARK: A start without Redis

    private func readCopy() {
        do {
            for (api, table) in try copy?.read() ?? [:] where apis.contains(api) {
                take(table.rows, table.head, of: api, at: nil)
            }
            compile()
        } catch {
            copyFailures.add(error)
        }
    }

    private func writeCopy() {
        guard let copy else { return }
        do {
            try copy.write(known.mapValues { BackendTableCopy.Table(head: $0.head, rows: $0.rows) })
            copyFailures.end("tables of backends are kept again")
        } catch {
            copyFailures.add(error)
        }
    }

    // MARK: Catching up

    private func catchUp() async {
        lastLook = .now
        let wanted = apis
        let told = announced
        announced = []
        do {
            let heads = try await ledger.heads(of: wanted)
            for (api, head) in zip(wanted, heads) {
                let isSame = known[api]?.head == head && known[api]?.confirmedAt != nil
                if problems[api] == nil, !told.contains(api), isSame {
                    known[api]?.confirmedAt = .now
                } else {
                    try await read(api)
                }
            }
            if problems.isEmpty { failures.end("tables of backends are in step again") }
        } catch {
            // A table with a problem is read when Redis is there again, whatever its head says.
            for api in wanted { problems[api] = "Redis does not answer (\(error)); the last known table serves" }
            failures.add(error)
        }
    }

    /// - Throws: what Redis says, which is as true of all other tables.
    private func read(_ api: String) async throws {
        do {
            try await readOrRestore(api)
            problems[api] = nil
        } catch let trouble as Trouble {
            problems[api] = "\(trouble)"
            failures.add(trouble)
        }
    }

    private func readOrRestore(_ api: String) async throws {
        for _ in 0..<Self.mostAttempts {
            let page = try await ledger.page(of: api)
            guard let rows = page.rows else { throw Trouble.tooLarge(rows: page.count) }
            let mine = known[api]
            if page.head.id == nil {
                if let mine, mine.head.id != nil {
                    try await restore(api, mine, inPlaceOf: page.head)
                    continue
                }
                if !rows.isEmpty {
                    try await ledger.claim(api)
                    continue
                }
            } else if let mine, mine.head.id == page.head.id, page.head.revision < mine.head.revision {
                try await restore(api, mine, inPlaceOf: page.head)
                continue
            }
            guard apis.contains(api) else { return }
            take(rows, page.head, of: api, at: .now)
            if mine?.rows != known[api]?.rows || mine?.head != page.head || mine?.confirmedAt == nil { compile() }
            return
        }
        throw Trouble.changesAllTheTime
    }

    private func restore(_ api: String, _ mine: Known, inPlaceOf former: BackendTableLedger.Head) async throws {
        logger.notice(
            "Redis has lost a table of backends, and is given it back",
            metadata: ["api": "\(api)", "revision": "\(mine.head.revision)", "rows": "\(mine.rows.count)"]
        )
        try await ledger.fill(api, with: mine.rows, mine.head, inPlaceOf: former)
    }

    /// Knows a table as it is now. Rows that name what is not there do not count, and the others do.
    private func take(_ rows: [BackendRow], _ head: BackendTableLedger.Head, of api: String, at time: WallTime?) {
        let former = known[api]
        // In an order, since Redis has them in none.
        var table = Known(head: head, rows: rows.sorted(), confirmedAt: time)
        if let rules = BackendRowRules(api, in: model) {
            for row in table.rows {
                if let fault = rules.fault(in: row) { table.faults[row] = fault } else { table.served.append(row) }
            }
        }
        known[api] = table
        if former?.rows != table.rows {
            logger.info(
                "table of backends has changed",
                metadata: ["api": "\(api)", "revision": "\(head.revision)", "rows": "\(table.served.count)"]
            )
        }
        let news = table.faults.filter { former?.faults[$0.key] != $0.value }.sorted { $0.key < $1.key }
        for (row, fault) in news.prefix(Self.mostTold) {
            logger.error(
                "row of a table of backends is ignored",
                metadata: ["api": "\(api)", "customer": "\(row.customer)", "fault": "\(fault)"]
            )
        }
        guard news.count > Self.mostTold else { return }
        logger.error("further rows are ignored", metadata: ["api": "\(api)", "rows": "\(news.count - Self.mostTold)"])
    }

    /// The most rows that the log tells of at once.
    private static let mostTold = 20
}
