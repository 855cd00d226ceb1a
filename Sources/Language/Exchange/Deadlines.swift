public import NIOCore

/// Something that waits for at most so long.
public protocol Expiring: AnyObject {
    /// The deadline has passed; it is cleared.
    func deadlinePassed()
}

/// A worker's deadlines: setting one is a store into an array, and a rare sweep looks for those that have passed.
///
/// Almost no deadline ever passes, and each call moves several, so a heap of timers would be the wrong bargain. The sweep
/// runs when the earliest deadline known at the last sweep comes up, at most once a second and at least 10 ms apart.
public final class Deadlines {
    /// Names a place in the table for as long as its owner lives.
    public struct Slot: Sendable {
        @usableFromInline let index: Int
    }

    @usableFromInline static let never = UInt64.max
    private static let longestPause: UInt64 = 1_000_000_000
    private static let shortestPause: UInt64 = 10_000_000

    private let eventLoop: any EventLoop
    @usableFromInline var times: ContiguousArray<UInt64> = []
    private var owners: ContiguousArray<(any Expiring)?> = []
    private var unused: ContiguousArray<Int> = []
    @usableFromInline var nextSweep = never
    private var scheduled: Scheduled<Void>?

    /// Makes an empty table for a loop.
    public init(eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    /// Reserves a place. The owner is retained until `remove`.
    public func add(_ owner: any Expiring) -> Slot {
        if let index = unused.popLast() {
            owners[index] = owner
            return Slot(index: index)
        }
        times.append(Self.never)
        owners.append(owner)
        return Slot(index: times.count - 1)
    }

    /// Gives a place back.
    public func remove(_ slot: Slot) {
        times[slot.index] = Self.never
        owners[slot.index] = nil
        unused.append(slot.index)
    }

    /// Wakes the owner when monotonic nanoseconds reach `time`, within 10 ms or a hundredth of the wait.
    @inlinable
    public func set(_ slot: Slot, at time: UInt64) {
        times[slot.index] = time
        if time < nextSweep { schedule(for: time) }
    }

    /// Wakes the owner no more.
    @inlinable
    public func clear(_ slot: Slot) { times[slot.index] = Self.never }

    /// Calls every owner whose deadline is not after `now`, and returns the earliest of the rest.
    func sweep(now: UInt64) -> UInt64 {
        var earliest = Self.never
        var index = 0
        while index < times.count {
            let time = times[index]
            if time <= now {
                times[index] = Self.never
                owners[index]?.deadlinePassed()
            }
            earliest = min(earliest, times[index])
            index += 1
        }
        return earliest
    }

    @usableFromInline
    func schedule(for time: UInt64) {
        let now = NIODeadline.now().uptimeNanoseconds
        let sweepAt = min(max(time, now + Self.shortestPause), now + Self.longestPause)
        guard sweepAt < nextSweep else { return }
        scheduled?.cancel()
        nextSweep = sweepAt
        let table = NIOLoopBound(self, eventLoop: eventLoop)
        scheduled = eventLoop.scheduleTask(deadline: .uptimeNanoseconds(sweepAt)) { table.value.sweepNow() }
    }

    private func sweepNow() {
        nextSweep = Self.never
        scheduled = nil
        let earliest = sweep(now: NIODeadline.now().uptimeNanoseconds)
        if earliest != Self.never { schedule(for: earliest) }
    }

    /// Cancels the sweep, so that the loop can stop.
    public func stop() {
        scheduled?.cancel()
        scheduled = nil
        nextSweep = 0
    }
}

extension Duration {
    /// Whole nanoseconds; negative durations count as none.
    public var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
    }
}
