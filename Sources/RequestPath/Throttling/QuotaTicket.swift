/// A call that was taken out of a quota, until it is known whether the backend got it.
///
/// Exactly one of `commit` and `giveBack` ends it. One that is dropped counts as a call that was made: that is the side on
/// which a mistake costs nobody the limit.
public struct QuotaTicket: ~Copyable, Sendable {
    private let reserve: QuotaReserve
    private let epoch: UInt64
    private var counts = true

    init(reserve: QuotaReserve, epoch: UInt64) {
        self.reserve = reserve
        self.epoch = epoch
    }

    deinit {
        if counts { reserve.book(epoch: epoch) }
    }

    /// The backend got the request: the call counts.
    public consuming func commit() {}

    /// Takes the call out of the ticket, for who ends it by hand.
    consuming func hold() -> HeldCall {
        counts = false
        return HeldCall(reserve: reserve, epoch: epoch)
    }

    /// The request was refused before the backend, or never sent: the call does not count.
    public consuming func giveBack() {
        counts = false
        reserve.putBack(epoch: epoch)
    }
}

/// A call that was taken out of a quota, of which nobody else takes care: one of the two has to be called, once.
struct HeldCall {
    fileprivate let reserve: QuotaReserve
    fileprivate let epoch: UInt64

    func commit() { reserve.book(epoch: epoch) }

    func giveBack() { reserve.putBack(epoch: epoch) }
}

/// What a quota says to a call.
public enum QuotaTake: ~Copyable, Sendable {
    /// The call may be made.
    case taken(QuotaTicket)
    /// No calls are left before this second (since 1970).
    case exhausted(until: Int64)
    /// The reserve is being filled: try again when it says so.
    case wait
    /// The ledger can't be written.
    case unavailable

    var isWait: Bool {
        switch self {
        case .wait: true
        default: false
        }
    }
}
