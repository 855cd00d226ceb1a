/// The targets that a request was already sent to.
///
/// Indices are kept modulo 64. With more targets than that, a member stands for a few others too: a retry then has a
/// little less to choose from, and still never goes without a target for it.
public struct TargetSet: Sendable, Hashable {
    private var bits: UInt64 = 0

    /// The empty set.
    public init() {}

    /// Whether nothing was added.
    public var isEmpty: Bool { bits == 0 }

    /// Adds a target.
    public mutating func insert(_ index: Int) {
        bits |= Self.bit(index)
    }

    /// Whether a target was added.
    public func contains(_ index: Int) -> Bool {
        bits & Self.bit(index) != 0
    }

    private static func bit(_ index: Int) -> UInt64 {
        1 &<< UInt64(truncatingIfNeeded: index)
    }
}
