internal import Synchronization

/// Names what one step remembers on each worker. A step is shared by all workers; its memory is confined to a loop.
public struct StepMemoryKey: Sendable, Hashable {
    private let number: UInt64
    private static let last = Atomic<UInt64>(0)

    /// Makes a key that no other step has.
    public init() { number = Self.last.wrappingAdd(1, ordering: .relaxed).newValue }
}
