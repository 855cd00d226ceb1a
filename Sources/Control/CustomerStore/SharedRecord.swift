internal import Foundation

/// A customer or a plan as stores of several machines tell each other.
public enum SharedRecord: Sendable, Hashable {
    /// A customer, also one that is gone.
    case customer(SharedCustomer)
    /// A plan, also one that is gone.
    case plan(SharedPlan)

    /// Whom a record is of. A set has one record of each.
    public enum Subject: Sendable, Hashable {
        /// The customer with an id.
        case customer(String)
        /// The plan with a name.
        case plan(String)

        /// What records are found by; ids and names have no colon.
        public var key: String {
            switch self {
            case .customer(let id): id
            case .plan(let name): Self.planPrefix + name
            }
        }

        /// Reads what `key` has written.
        init(key: String) {
            self = key.hasPrefix(Self.planPrefix) ? .plan(String(key.dropFirst(Self.planPrefix.count))) : .customer(key)
        }

        static let planPrefix = "plan:"
    }

    /// Whom it is of.
    public var subject: Subject {
        switch self {
        case .customer(let customer): .customer(customer.id)
        case .plan(let plan): .plan(plan.plan)
        }
    }

    /// Which change made it what it is.
    public var revision: SharedRevision {
        switch self {
        case .customer(let customer): customer.revision
        case .plan(let plan): plan.revision
        }
    }

    /// As JSON.
    public func encoded() throws -> String {
        switch self {
        case .customer(let customer): String(decoding: try JSONEncoder().encode(customer), as: UTF8.self)
        case .plan(let plan): String(decoding: try JSONEncoder().encode(plan), as: UTF8.self)
        }
    }

    /// Reads what `encoded` has written.
    public init(decoding bytes: [UInt8]) throws {
        self = try JSONDecoder().decode(Written.self, from: Data(bytes)).record
    }

    /// Only the record of a plan says `plan`.
    private struct Written: Decodable {
        enum CodingKeys: CodingKey {
            case plan
        }

        var record: SharedRecord

        init(from decoder: any Decoder) throws {
            let isPlan = try decoder.container(keyedBy: CodingKeys.self).contains(.plan)
            record = isPlan ? .plan(try SharedPlan(from: decoder)) : .customer(try SharedCustomer(from: decoder))
        }
    }
}

/// A plan as stores of several machines tell each other.
public struct SharedPlan: Sendable, Hashable, Codable {
    /// Its name, unique among the plans.
    public var plan: String
    /// Which change made it what it is.
    public var revision: SharedRevision
    /// Whether it is gone; all else is empty then.
    public var isRemoved: Bool
    /// A JSON object.
    public var settings: String
    /// Seconds since 1970.
    public var createdAt: Int64
    /// Seconds since 1970.
    public var changedAt: Int64
}

/// One change of a set of customers and plans. All changes of a set stand in one row, each made by who knew the one before it.
public struct SharedRevision: Sendable, Hashable, Codable {
    /// Counts the changes.
    public var number: Int64
    /// Drawn at random for the change: the same number with another mark is another history.
    public var mark: String

    /// Names a change.
    public init(number: Int64, mark: String) {
        self.number = number
        self.mark = mark
    }
}

/// What a store knows of the set that it shares.
public struct SharedState: Sendable, Hashable {
    /// The name of the set; `nil` when the store has none.
    public var dataset: String?
    /// The last change that the store has; number 0 before the first one.
    public var revision = SharedRevision(number: 0, mark: "")
    /// Whether there are customers or plans in the store.
    public var hasRecords = false
}
