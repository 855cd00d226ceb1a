internal import GRDB
internal import SQLiteFile

/// The plans that operators manage while gateways run.
///
/// There are few of them, so who finds that any has changed reads them all.
extension CustomerStore {
    /// The most plans.
    public static let mostPlans = 1_000

    static func makePlanTables(_ database: Database) throws {
        try database.execute(
            sql: """
                CREATE TABLE plan (
                    name TEXT PRIMARY KEY NOT NULL, settings TEXT NOT NULL, created_at INTEGER NOT NULL, changed_at INTEGER NOT NULL
                ) STRICT, WITHOUT ROWID;
                CREATE TABLE plan_change (count INTEGER NOT NULL) STRICT;
                INSERT INTO plan_change VALUES (0);
                """
        )
    }

    /// All plans, in the order of their names.
    public func plans() async throws -> [PlanRecord] { try await database.read { try Self.plans($0) } }

    /// Takes a plan in, or gives one other settings.
    /// - Returns: whether it is new.
    /// - Throws: `PlanStoreFault`.
    @discardableResult
    public func putPlan(_ name: String, settings: String) async throws -> Bool {
        let now = now()
        return try await commit(.plan(name)) { database in
            let isKnown = try Self.existsPlan(name, database)
            let count = try Int.fetchOne(database, sql: "SELECT count(*) FROM plan") ?? 0
            guard isKnown || count < Self.mostPlans else { throw PlanStoreFault.tooManyPlans }
            try database.execute(
                sql: """
                    INSERT INTO plan VALUES (:name, :settings, :now, :now)
                    ON CONFLICT (name) DO UPDATE SET settings = :settings, changed_at = :now
                    """,
                arguments: ["name": name, "settings": settings, "now": now]
            )
            try Self.countPlanChange(database)
            return !isKnown
        }
    }

    /// Lets go of a plan.
    /// - Parameter evenIfUsed: also when customers have it, as when another plan of this name counts for them.
    /// - Throws: `PlanStoreFault`.
    public func removePlan(_ name: String, evenIfUsed: Bool = false) async throws {
        try await commit(.plan(name)) { database in
            guard try Self.existsPlan(name, database) else { throw PlanStoreFault.unknownPlan(name) }
            let customers = evenIfUsed ? 0 : try Self.customers(with: name, database)
            guard customers == 0 else { throw PlanStoreFault.planInUse(name, customers: customers) }
            try database.execute(sql: "DELETE FROM plan WHERE name = ?", arguments: [name])
            try Self.countPlanChange(database)
        }
    }

    /// All plans, when any was changed since they were read.
    /// - Parameter change: what the ones that are known came with; below 0 when none are known.
    /// - Returns: `nil` when nothing has changed.
    static func plans(changedSince change: Int64, _ database: Database) throws -> StoredPlans? {
        let now = try Int64.fetchOne(database, sql: "SELECT count FROM plan_change") ?? 0
        guard now != change else { return nil }
        return StoredPlans(change: now, plans: try plans(database))
    }

    private static func plans(_ database: Database) throws -> [PlanRecord] {
        try Row.fetchAll(database, sql: "SELECT name, settings, created_at, changed_at FROM plan ORDER BY name")
            .map { PlanRecord(name: $0[0], settings: $0[1], createdAt: $0[2], changedAt: $0[3]) }
    }

    static func existsPlan(_ name: String, _ database: Database) throws -> Bool {
        try Int.fetchOne(database, sql: "SELECT 1 FROM plan WHERE name = ?", arguments: [name]) != nil
    }

    private static func countPlanChange(_ database: Database) throws {
        try database.execute(sql: "UPDATE plan_change SET count = count + 1")
    }

    /// How many customers have a plan, for their calls or for those in sandboxes. Looks at each of them.
    private static func customers(with plan: String, _ database: Database) throws -> Int {
        let settings = "iif(json_valid(settings), settings, '{}')"
        return try Int.fetchOne(
            database,
            sql: """
                SELECT count(*) FROM customer WHERE is_removed = 0 AND :plan IN (
                    CAST(json_extract(\(settings), '$.plan') AS TEXT), CAST(json_extract(\(settings), '$.sandbox.plan') AS TEXT)
                )
                """,
            arguments: ["plan": plan]
        ) ?? 0
    }

    // MARK: Plans of several stores

    static func sharedPlan(_ name: String, _ revision: SharedRevision, _ database: Database) throws -> SharedPlan {
        let row = try Row.fetchOne(
            database,
            sql: "SELECT settings, created_at, changed_at FROM plan WHERE name = ?",
            arguments: [name]
        )
        return SharedPlan(
            plan: name,
            revision: revision,
            isRemoved: row == nil,
            settings: row?[0] ?? "{}",
            createdAt: row?[1] ?? 0,
            changedAt: row?[2] ?? 0
        )
    }

    static func take(_ plan: SharedPlan, _ database: Database) throws {
        try database.execute(sql: "DELETE FROM plan WHERE name = ?", arguments: [plan.plan])
        if !plan.isRemoved {
            try database.execute(
                sql: "INSERT INTO plan (name, settings, created_at, changed_at) VALUES (?, ?, ?, ?)",
                arguments: [plan.plan, plan.settings, plan.createdAt, plan.changedAt]
            )
        }
        try countPlanChange(database)
    }
}
