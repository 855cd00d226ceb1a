/// Where stores of several machines agree upon changes. A store keeps a change only once it was agreed upon.
public protocol CustomerAgreement: Sendable {
    /// Has the store know all that was agreed upon, and a set to be there.
    /// - Throws: `CustomersNotShared`.
    func prepare() async throws
    /// Wants a change to be the next one.
    /// - Parameters:
    ///   - record: the customer or plan as the change leaves it.
    ///   - state: what the change was made upon.
    /// - Returns: whether it is; not when another one came first.
    /// - Throws: `CustomersNotShared`.
    func propose(_ record: SharedRecord, upon state: SharedState) async throws -> Bool
}

/// Why no change can be made of customers and plans that are shared.
public struct CustomersNotShared: Error, Sendable, Hashable, CustomStringConvertible {
    /// What hinders it, and what to do.
    public var reason: String
    /// Whether nobody knows if the change was made.
    public var mayHaveChanged: Bool

    /// Makes one.
    public init(_ reason: String, mayHaveChanged: Bool = false) {
        self.reason = reason
        self.mayHaveChanged = mayHaveChanged
    }

    /// The reason.
    public var description: String { reason }
}
