import Quotas

/// The keys of reserves that are not used, each once, in turns: those of one turn are all looked at before the next begins.
struct RestingReserves {
    private var turn: [QuotaKey] = []
    private var next: [QuotaKey] = []
    private var known: Set<QuotaKey> = []

    /// Takes a key in, for the next turn.
    mutating func add(_ key: QuotaKey) {
        if known.insert(key).inserted { next.append(key) }
    }

    /// Some keys to look at; who is to stay is added again.
    mutating func take(_ most: Int) -> [QuotaKey] {
        if turn.isEmpty { swap(&turn, &next) }
        let taken = Array(turn.suffix(most))
        turn.removeLast(taken.count)
        known.subtract(taken)
        return taken
    }
}
