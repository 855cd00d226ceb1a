import Exchange
import NIOCore

/// What one call has taken out of quotas, and what its client is told about limits. Confined to the worker's loop, and used again.
final class CallTickets: CallLimits {
    /// To whom it goes back; `nil` while it is not in use.
    var memory: CallerMemory?
    private(set) var policyField = ByteBuffer()
    private(set) var standingField = ByteBuffer()
    private var held: ContiguousArray<HeldCall> = []

    deinit {
        for call in held { call.commit() }
    }

    /// Whether it says nothing, and holds nothing.
    var isEmpty: Bool { policyField.readableBytes == 0 }

    func hold(_ ticket: consuming QuotaTicket) { held.append(ticket.hold()) }

    /// Tells the client of a limit.
    func tell(_ policy: LimitPolicy, remaining: Int, reset: Int) {
        if policyField.readableBytes > 0 {
            policyField.writeStaticString(", ")
            standingField.writeStaticString(", ")
        }
        policy.write(to: &policyField)
        policy.writeStanding(remaining: remaining, reset: reset, to: &standingField)
    }

    func settle(counts: Bool) {
        for call in held {
            if counts { call.commit() } else { call.giveBack() }
        }
        held.removeAll(keepingCapacity: true)
        policyField.clear()
        standingField.clear()
        let memory = memory
        self.memory = nil
        memory?.give(self)
    }
}
