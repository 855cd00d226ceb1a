import Exchange

/// What was decided about a caller, for the next request with the same credentials.
final class Decision: Sendable {
    let principal: Principal
    let customer: KnownCustomer?
    /// The keys by which it was decided; when one of them is withdrawn, it holds no longer.
    let keys: IssuerKeys?
    /// What the caller may call, where a service has said so.
    let policy: CallerPolicy?
    /// Whether the credentials are for sandboxes, and so for nothing else.
    let isSandbox: Bool

    /// - Parameter isSandbox: what the credentials are for; `nil`: what the customer is known for.
    init(
        _ principal: Principal,
        customer: KnownCustomer? = nil,
        keys: IssuerKeys? = nil,
        policy: CallerPolicy? = nil,
        isSandbox: Bool? = nil
    ) {
        self.principal = principal
        self.customer = customer
        self.keys = keys
        self.policy = policy
        self.isSandbox = isSandbox ?? customer?.isSandbox ?? false
    }
}

/// Decisions by the bytes of the credentials that they were made from. Confined to a worker's loop; times are given.
///
/// Bounded by two generations: when the younger one is full it becomes the older, and what was in that is forgotten unless it
/// was used meanwhile. Only those who hold good credentials get anything in, so nobody else can push it out; what a service has said
/// of anybody is kept, too, as at Amazon, and can only push out the like.
final class DecisionCache {
    private struct Entry {
        let credentials: [UInt8]
        let decision: Decision
        /// Monotonic nanoseconds.
        let expiresAt: UInt64
        /// That of the keys when it was decided.
        let generation: UInt64
    }

    /// Decisions of one generation.
    static let mostEntries = 8_192
    /// Longer credentials are decided on each time.
    static let mostBytes = 4 << 10
    /// So much of the credentials' end is hashed: signatures and keys end in what is as good as random.
    private static let hashedBytes = 16

    private let limit: Int
    private var young: [Int: Entry] = [:]
    private var old: [Int: Entry] = [:]

    init(limit: Int = DecisionCache.mostEntries) { self.limit = max(1, limit) }

    /// The decision that was made from these bytes, if it still holds.
    func decision(for credentials: Span<UInt8>, now: UInt64) -> Decision? {
        let hash = Self.hash(of: credentials)
        if let entry = young[hash] { return Self.decision(of: entry, credentials, now) }
        guard let entry = old[hash], let decision = Self.decision(of: entry, credentials, now) else { return nil }
        old[hash] = nil
        insert(entry, hash)
        return decision
    }

    private static func decision(of entry: Entry, _ credentials: Span<UInt8>, _ now: UInt64) -> Decision? {
        guard now < entry.expiresAt, equals(entry.credentials.span, credentials) else { return nil }
        if let customer = entry.decision.customer, customer.isWithdrawn { return nil }
        if let keys = entry.decision.keys, keys.generation != entry.generation { return nil }
        return entry.decision
    }

    /// Keeps a decision.
    /// - Parameter generation: that of the keys before they were used.
    func insert(
        _ decision: Decision,
        for credentials: Span<UInt8>,
        until expiresAt: UInt64,
        generation: UInt64 = 0
    ) {
        guard credentials.count <= Self.mostBytes else { return }
        let copy = unsafe credentials.withUnsafeBytes { unsafe [UInt8]($0) }
        let entry = Entry(credentials: copy, decision: decision, expiresAt: expiresAt, generation: generation)
        insert(entry, Self.hash(of: credentials))
    }

    private func insert(_ entry: Entry, _ hash: Int) {
        if young.count >= limit {
            old = young
            young = [:]
        }
        young[hash] = entry
    }

    /// The decisions that are kept, those that no longer hold included.
    var count: Int { young.count + old.count }

    /// SipHash under a key of this process.
    private static func hash(of credentials: Span<UInt8>) -> Int {
        var hasher = Hasher()
        hasher.combine(credentials.count)
        let end = credentials.extracting(max(0, credentials.count - hashedBytes)..<credentials.count)
        unsafe end.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        return hasher.finalize()
    }

    /// Whether all bytes are the same; the time tells only how many they are.
    private static func equals(_ one: Span<UInt8>, _ other: Span<UInt8>) -> Bool {
        guard one.count == other.count else { return false }
        var differences = SIMD4<UInt64>()
        var index = 0
        // A token has hundreds of bytes; both spans have so many, so each load stays within them.
        while index + 32 <= one.count {
            let left = unsafe one.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: SIMD4<UInt64>.self)
            let right = unsafe other.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: SIMD4<UInt64>.self)
            differences |= left ^ right
            index += 32
        }
        var difference = differences[0] | differences[1] | differences[2] | differences[3]
        while index < one.count {
            difference |= UInt64(one[index] ^ other[index])
            index += 1
        }
        return difference == 0
    }
}

extension WorkerContext {
    /// The decisions that were made under a key on this worker.
    func decisions(_ key: StepMemoryKey) -> DecisionCache {
        if let known = memory(of: key) as? DecisionCache { return known }
        let made = DecisionCache()
        remember(made, under: key)
        return made
    }
}
