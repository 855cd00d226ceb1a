import CustomerStore
import Foundation
import Logging
import Observation
import Redis

/// Keeps a store like those of all gateways that name the same Redis server.
///
/// Redis has all changes in one row; the store has a beginning of that row, and takes what comes after it. What was
/// agreed upon in Redis is kept by every store, so that Redis may be filled from any that has all of it.
actor SharedCustomers: CustomerAgreement {
    /// Why this gateway can't have the customers and plans of the others; waiting does not help.
    enum Refusal: Error, Hashable {
        case otherKey
        case otherSet
        case otherHistory
    }

    private let store: CustomerStore
    private let ledger: CustomerLedger
    private let folder: String
    private let failures: FailureLog
    /// The last look, so that the next one waits for it.
    private var looking: Task<Void, any Error>?
    private var isWaiting = false
    private var following: Task<Void, Never>?
    /// When the store was last like Redis.
    private var lastInStep: Date?
    private var refusedChanges = 0

    /// Redis tells of each change; in case that went amiss, it is asked this often.
    private static let interval = Duration.seconds(1)

    init(_ store: CustomerStore, redis: RedisHandle, folder: String, logger: Logger) {
        self.store = store
        self.folder = folder
        ledger = CustomerLedger(redis: redis)
        failures = FailureLog(logger, "shared customers are not in step: they serve as they were, and can't be changed")
    }

    // MARK: Following

    /// Takes all that others have changed before this gateway serves; when Redis is away, it serves with what it has.
    /// - Throws: a `Refusal`, and what SQLite says.
    func begin() async throws {
        do {
            try await look()
        } catch let error as RedisError {
            failures.add(error)
        }
        guard following == nil else { return }
        following = Task { [weak self, events = ledger.redis.events(of: CustomerLedger.channel)] in
            await withTaskGroup { group in
                group.addTask { [weak self] in
                    for await event in events {
                        switch event {
                        case .active, .message: await self?.follow()
                        case .interrupted, .refused: break
                        }
                    }
                }
                group.addTask { [weak self] in
                    while !Task.isCancelled {
                        try? await Task.sleep(for: Self.interval)
                        await self?.follow()
                    }
                }
            }
        }
    }

    /// Takes nothing any longer.
    func stop() { following?.cancel() }

    private func follow() async {
        // One that has yet to begin sees what this one would.
        guard !isWaiting else { return }
        do {
            try await look()
            failures.end("shared customers are in step again")
        } catch let refusal as Refusal {
            failures.add(CustomersNotShared(sentence(refusal)))
        } catch {
            failures.add(error)
        }
    }

    private func look(makingSet: Bool = false) async throws {
        let earlier = looking
        isWaiting = true
        let this = Task {
            _ = await earlier?.result
            isWaiting = false
            try await self.catchUp(makingSet: makingSet)
            lastInStep = Date()
        }
        looking = this
        try await this.value
    }

    // MARK: Catching up

    private func catchUp(makingSet: Bool) async throws {
        // Whether what is here is known to be a beginning of the set's history.
        var isBeginning = false
        while true {
            let state = try await store.sharedState()
            guard let page = try await ledger.page(after: state.dataset == nil ? 0 : state.revision.number) else {
                // Who has nothing waits for others, who may have all of it.
                guard state.dataset != nil || state.hasRecords || makingSet else { return }
                if state.dataset == nil { try await store.makeSet() }
                try await ledger.fill(from: store, try await store.sharedState(), inPlaceOf: nil)
                continue
            }
            let head = page.head
            guard head.keyName == store.keyName else { throw Refusal.otherKey }
            guard head.dataset == state.dataset else {
                guard !state.hasRecords else { throw Refusal.otherSet }
                if state.dataset != nil {
                    try await store.leaveSet()
                    continue
                }
                guard !page.records.isEmpty else { return try await store.join(head.dataset, at: head.revision) }
                try await store.take(page.records, of: head.dataset)
                isBeginning = true
                continue
            }
            if head.revision.number < state.revision.number {
                try await restore(head, state)
                continue
            }
            if let mark = page.markAsked {
                guard mark == state.revision.mark else { throw Refusal.otherHistory }
                isBeginning = true
            }
            if !isBeginning {
                guard let comparison = try await compare(state, of: head.dataset) else { continue }
                guard comparison else { throw Refusal.otherHistory }
                isBeginning = true
            }
            guard !page.records.isEmpty else { return }
            try await store.take(page.records, of: head.dataset)
        }
    }

    /// Holds all that is here against the set, when that has forgotten the mark of the last change that is here: each customer and plan has to be
    /// there by the same change, or by one that came later.
    /// - Returns: whether this store has a beginning of the set's history; `nil` when either has changed meanwhile.
    private func compare(_ state: SharedState, of dataset: String) async throws -> Bool? {
        var last: Int64 = 0
        var found: Set<String> = []
        var isBeginning = true
        while isBeginning {
            guard let there = try await ledger.revisions(of: dataset, after: last) else { return nil }
            guard let end = there.last else { break }
            last = end.revision.number
            let here = try await store.sharedRevisions(of: there.map(\.key))
            for (key, revision) in there {
                if here[key] != nil { found.insert(key) }
                if revision.number <= state.revision.number, here[key] != revision { isBeginning = false }
            }
        }
        if isBeginning { isBeginning = try await store.sharedCount() == found.count }
        // Another process of this folder may have taken more.
        return try await store.sharedState() == state ? isBeginning : nil
    }

    /// Redis has lost what this store has: it gets it back, unless it has gone another way since.
    private func restore(_ head: CustomerLedger.Head, _ state: SharedState) async throws {
        let mark = try await store.sharedMark(of: head.revision.number)
        guard mark == head.revision.mark else { throw Refusal.otherHistory }
        try await ledger.fill(from: store, state, inPlaceOf: head)
    }

    // MARK: Changes

    func prepare() async throws {
        do {
            try await look(makingSet: true)
        } catch let refusal as Refusal {
            refusedChanges += 1
            throw CustomersNotShared(sentence(refusal))
        } catch let error as RedisError {
            refusedChanges += 1
            throw CustomersNotShared("Redis does not answer (\(error)), try again when it does")
        }
    }

    func propose(_ record: SharedRecord, upon state: SharedState) async throws -> Bool {
        do {
            return try await ledger.add(record, upon: state)
        } catch let error as RedisError {
            refusedChanges += 1
            throw CustomersNotShared(
                "Redis does not answer (\(error)), try again when it does",
                mayHaveChanged: error.mayHaveRun
            )
        }
    }

    // MARK: What it tells

    /// How far the store is, and whether that is as far as the others'.
    func families() async -> [MetricFamily] {
        var families = [
            MetricFamily(
                name: "daemun_shared_customers_failures_total",
                help: "Times that shared customers and plans could not be brought up to date.",
                kind: .counter,
                samples: [MetricSample(value: .number(Double(failures.count)))]
            ),
            MetricFamily(
                name: "daemun_shared_customers_changes_refused_total",
                help: "Changes of shared customers and plans that could not be agreed upon.",
                kind: .counter,
                samples: [MetricSample(value: .number(Double(refusedChanges)))]
            ),
            MetricFamily(
                name: "daemun_shared_customers_in_step_timestamp_seconds",
                help: "When this gateway last had all changes, in seconds since 1970; 0 for never.",
                kind: .gauge,
                samples: [MetricSample(value: .number(lastInStep?.timeIntervalSince1970.rounded(.down) ?? 0))]
            ),
        ]
        if let state = try? await store.sharedState() {
            families.append(
                MetricFamily(
                    name: "daemun_shared_customers_revision",
                    help: "The last change of shared customers and plans that this gateway has.",
                    kind: .gauge,
                    samples: [MetricSample(value: .number(Double(state.revision.number)))]
                )
            )
        }
        return families
    }

    /// What the matter is, and what to do.
    nonisolated func sentence(_ refusal: Refusal) -> String {
        switch refusal {
        case .otherKey:
            """
            \(folder)/customers.key is another one than that of the gateways which share customers: copy theirs to this place
            """
        case .otherSet:
            """
            \(folder)/customers.sqlite has customers or plans of its own, which are not those in Redis: move it away to have those, or name \
            another database of Redis to share these
            """
        case .otherHistory:
            """
            Redis has lost changes that are in \(folder)/customers.sqlite, and others were made since: move the file away, and \
            make them once more
            """
        }
    }
}
