public import AWSWire
public import EntityStore

/// What an operation does: answers a document, or nothing.
typealias Handler = @Sendable (Call) throws -> WireValue?

/// The management APIs: takes an operation's input, and answers as the service would.
public struct ManagementService: Sendable {
    private let store: any EntityStore
    private let account: AccountSettings
    /// Seconds since 1970.
    private let now: @Sendable () -> Double

    /// Makes a service.
    public init(store: any EntityStore, account: AccountSettings, now: @escaping @Sendable () -> Double) {
        self.store = store
        self.account = account
        self.now = now
    }

    /// The operations that are served, by the service's name in the SDKs.
    public static var served: [String: Set<String>] { handlers.mapValues { Set($0.keys) } }

    private static let handlers: [String: [String: Handler]] = [
        "apigateway": [
            RestAPIs.operations, Resources.operations, Methods.operations,
            MethodResponses.operations, Integrations.operations, RequestValidators.operations,
        ].reduce(into: [:]) { $0.merge($1) { $1 } }
    ]

    /// Forgets everything but the access keys.
    public func reset() async throws {
        try await store.transaction { try $0.removeAll(butKind: AccessKeys.kind) }
    }

    /// Does what is asked for, in one transaction.
    /// - Throws: an `AWSError` with what the client has to be told, or what the store says when it can't be used.
    public func answer(_ input: OperationInput, service: String, region: String) async throws -> WireValue? {
        guard let handler = Self.handlers[service]?[input.operation] else { throw AWSError.notServed(input.operation) }
        return try await store.transaction { [account, now = now()] transaction in
            try handler(
                Call(input: input, transaction: transaction, region: region, account: account, now: now)
            )
        }
    }
}
