import Credentials
import Model
import NIOCore
import Synchronization

/// The keys of an issuer, as they are known now. Shared by all workers: decisions that were made look at a number only, new
/// ones take a copy of the keys.
public final class IssuerKeys: Sendable {
    /// Where keys are fetched from, and how often.
    struct Origin: Sendable, Hashable {
        var source: KeySource
        /// Time between two fetches.
        var refresh: Duration
        /// How long keys serve on when their server is away.
        var keep: Duration
    }

    private struct State {
        var keys: KeySet?
        var document: [UInt8] = []
        /// When the keys were last confirmed, in monotonic nanoseconds.
        var confirmedAt: UInt64 = 0
        var fetch: FetchGate = FetchGate()
        var waiting: [EventLoopPromise<Void>] = []
        /// What came of the last fetch, and who asked for it while it went on.
        var news: KeyNews?
        var joined: [CheckedContinuation<KeyNews?, Never>] = []
    }

    /// `nil` for keys that came with the configuration.
    let origin: Origin?
    private let state: Mutex<State>
    private let changes = Atomic<UInt64>(0)
    /// Fetches the document with the keys.
    private let fetch: @Sendable (KeySource) async throws(KeyFetchFault) -> [UInt8]

    /// Requests that wait for one fetch, at most.
    private static let mostWaiting = 1_024

    /// Keys that stay as they are.
    init(_ keys: KeySet) {
        origin = nil
        state = Mutex(State(keys: keys))
        fetch = { (_) throws(KeyFetchFault) in throw .unreachable }
    }

    /// Keys that are fetched.
    init(
        _ origin: Origin,
        fetch: @escaping @Sendable (KeySource) async throws(KeyFetchFault) -> [UInt8] = KeySetFetch.document
    ) {
        self.origin = origin
        state = Mutex(State())
        self.fetch = fetch
    }

    /// Changes when keys change: what was decided under another number has to be decided anew.
    var generation: UInt64 { changes.load(ordering: .acquiring) }

    /// The keys; `nil` when they have never been fetched, or too long ago. Off the way of all requests whose decision is
    /// cached, so that the lock is hardly ever waited for.
    var current: KeySet? { state.withLock { $0.keys } }

    // MARK: Fetching

    /// Asks for a fetch because a token names a key that is not here.
    /// - Returns: succeeds when the fetch has ended, however; `nil` when it is too early for another one.
    func refetch(on loop: any EventLoop) -> EventLoopFuture<Void>? {
        guard origin != nil else { return nil }
        let promise = loop.makePromise(of: Void.self)
        let now = NIODeadline.now().uptimeNanoseconds
        let answer = state.withLock { state -> FetchGate.Answer in
            guard state.waiting.count < Self.mostWaiting else { return .tooEarly }
            let answer = state.fetch.ask(now: now, hasKeys: state.keys != nil)
            if answer != .tooEarly { state.waiting.append(promise) }
            return answer
        }
        switch answer {
        case .tooEarly:
            promise.succeed()
            return nil
        case .join: return promise.futureResult
        case .start:
            Task { await run() }
            return promise.futureResult
        }
    }

    /// Fetches now; a fetch that a token has asked for a moment ago will do.
    /// - Returns: what is to be told; `nil` when there is nothing new.
    @discardableResult
    public func update() async -> KeyNews? {
        let now = NIODeadline.now().uptimeNanoseconds
        if state.withLock({ $0.fetch.begin(now: now) }) { return await run() }
        return await withCheckedContinuation { continuation in
            let ended = state.withLock { state -> KeyNews?? in
                guard state.fetch.isFetching else { return .some(state.news) }
                state.joined.append(continuation)
                return nil
            }
            if let ended { continuation.resume(returning: ended) }
        }
    }

    @discardableResult
    private func run() async -> KeyNews? {
        guard let origin else { return nil }
        var news: KeyNews?
        do throws(KeyFetchFault) {
            let document = try await fetch(origin.source)
            news = try take(document)
        } catch {
            news = .failed(origin.source.description, error, isWithoutKeys: endStale(origin))
        }
        let (waiting, joined) = state.withLock { [news] state in
            state.fetch.end()
            state.news = news
            defer { (state.waiting, state.joined) = ([], []) }
            return (state.waiting, state.joined)
        }
        for promise in waiting { promise.succeed() }
        for continuation in joined { continuation.resume(returning: news) }
        return news
    }

    private func take(_ document: [UInt8]) throws(KeyFetchFault) -> KeyNews? {
        let now = NIODeadline.now().uptimeNanoseconds
        let isKnown = state.withLock { state in
            guard state.keys != nil, state.document == document else { return false }
            state.confirmedAt = now
            return true
        }
        if isKnown { return nil }
        let keys: KeySet
        do { keys = try KeySet(document: document) } catch { throw .notAKeySet }
        guard !keys.keys.isEmpty else { throw .notAKeySet }
        state.withLock { state in
            state.keys = keys
            state.document = document
            state.confirmedAt = now
        }
        // After the keys: who still sees the old number takes what was decided by the old keys for a moment longer, and never
        // keeps it under the new one.
        changes.wrappingAdd(1, ordering: .releasing)
        return .changed(origin?.source.description ?? "", keys: keys.keys.count, skipped: keys.skipped.count)
    }

    /// Lets go of keys that could not be confirmed for too long.
    /// - Returns: whether there are none.
    private func endStale(_ origin: Origin) -> Bool {
        let now = NIODeadline.now().uptimeNanoseconds
        let (isWithout, hasEnded) = state.withLock { state -> (Bool, Bool) in
            guard state.keys != nil else { return (true, false) }
            guard now > state.confirmedAt &+ origin.keep.wholeNanoseconds else { return (false, false) }
            state.keys = nil
            state.document = []
            return (true, true)
        }
        if hasEnded { changes.wrappingAdd(1, ordering: .releasing) }
        return isWithout
    }
}

/// What operators should know about an issuer's keys.
public enum KeyNews: Sendable {
    /// There are new ones.
    case changed(String, keys: Int, skipped: Int)
    /// They could not be fetched.
    case failed(String, KeyFetchFault, isWithoutKeys: Bool)
}

/// When keys may be fetched: never twice at once, and because of unknown keys not again and again. Times are given.
struct FetchGate {
    enum Answer {
        /// A fetch has to be started.
        case start
        /// One is going on.
        case join
        /// The last one was a moment ago.
        case tooEarly
    }

    /// Between two fetches that tokens have asked for, in nanoseconds: anyone can send a token with another `kid`.
    static let pause: UInt64 = 10_000_000_000

    private(set) var isFetching = false
    private var lastAskedAt: UInt64?
    private var lastAskedWithoutKeysAt: UInt64?

    /// Between two fetches while there are no keys at all: nothing is served then, and no key can be unknown.
    static let pauseWithoutKeys: UInt64 = 1_000_000_000

    /// Somebody asks for a fetch because of a token.
    /// - Parameter hasKeys: whether there are any; one fetch for want of any does not put off the first for an unknown one.
    mutating func ask(now: UInt64, hasKeys: Bool) -> Answer {
        if isFetching { return .join }
        let last = hasKeys ? lastAskedAt : lastAskedWithoutKeysAt
        let pause = hasKeys ? Self.pause : Self.pauseWithoutKeys
        if let last, now < last &+ pause { return .tooEarly }
        if hasKeys { lastAskedAt = now } else { lastAskedWithoutKeysAt = now }
        isFetching = true
        return .start
    }

    /// It is time for a fetch anyway.
    /// - Returns: whether one has to be started.
    mutating func begin(now: UInt64) -> Bool {
        if isFetching { return false }
        isFetching = true
        return true
    }

    /// A fetch has ended.
    mutating func end() { isFetching = false }
}
