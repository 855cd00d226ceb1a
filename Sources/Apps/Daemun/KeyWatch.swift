import Authorization
import Logging

/// Fetches the keys of issuers, at once and then again and again, beside the workers.
actor KeyWatch {
    private var tasks: [ObjectIdentifier: Task<Void, Never>] = [:]
    private let logger: Logger

    init(logger: Logger) { self.logger = logger }

    /// After a failure the next try comes sooner than the next refresh, but never faster than this.
    private static let shortestPause = Duration.seconds(10)
    private static let longestRetry = Duration.seconds(60)

    /// Fetches these from now on. What was fetched before goes on as it was.
    func watch(_ wanted: [FetchedKeys]) {
        let identities = Set(wanted.map { ObjectIdentifier($0.keys) })
        for (identity, task) in tasks where !identities.contains(identity) {
            task.cancel()
            tasks[identity] = nil
        }
        for fetched in wanted where tasks[ObjectIdentifier(fetched.keys)] == nil {
            tasks[ObjectIdentifier(fetched.keys)] = Task { [logger] in await Self.fetch(fetched, logger) }
        }
    }

    /// Ends all fetching.
    func stop() {
        for task in tasks.values { task.cancel() }
        tasks = [:]
    }

    private static func fetch(_ fetched: FetchedKeys, _ logger: Logger) async {
        while !Task.isCancelled {
            var pause = fetched.refresh
            switch await fetched.keys.update() {
            case nil: break
            case .changed(let url, let keys, let skipped):
                logger.info("keys fetched", metadata: ["from": "\(url)", "keys": "\(keys)", "skipped": "\(skipped)"])
            case .failed(let url, let fault, let isWithoutKeys):
                let metadata: Logger.Metadata = ["from": "\(url)", "reason": "\(fault)"]
                if isWithoutKeys {
                    logger.error("there are no keys, so no token of this issuer is taken", metadata: metadata)
                } else {
                    logger.warning("keys not fetched, the old ones serve on", metadata: metadata)
                }
                pause = max(shortestPause, min(pause, longestRetry))
            }
            // A tenth of jitter keeps several gateways apart.
            try? await Task.sleep(for: pause * Double.random(in: 0.9...1.1))
        }
    }
}
