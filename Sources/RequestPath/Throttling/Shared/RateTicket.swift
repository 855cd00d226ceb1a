/// A token that was taken out of a shared rate, until all other limits have let the call pass.
struct RateTicket {
    let reserve: RateReserve
    let epoch: UInt64
    /// Whether it left so few that more have to be asked for.
    let isLow: Bool

    /// The call is made.
    ///
    /// Only now more is asked for: what is at hand is reported with that, and after it nothing could go back.
    func spend() { if isLow { reserve.ask() } }

    /// Another limit refuses the call: the token goes back, unless another call or the clock had what is at hand reported to Redis just now.
    func giveBack() { reserve.putBack(epoch: epoch) }
}

/// What a shared rate says to a call.
enum RateTake {
    /// The call may be made.
    case taken(RateTicket)
    /// The bucket is empty.
    case exhausted
    /// Tokens are being asked for: try again when the reserve says so.
    case wait
    /// Redis can't be asked.
    case unavailable
    /// The reserve is used no longer; there may be another one of the key.
    case retired
}
