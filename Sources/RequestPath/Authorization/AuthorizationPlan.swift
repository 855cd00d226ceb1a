public import Credentials
public import Exchange
public import Model

/// The authorizers and customers of a model, compiled for all workers: gives each route its step.
public final class AuthorizationPlan: Sendable {
    private struct Compiled: Sendable {
        let authorizer: Authorizer
        let check: any CallerCheck
    }

    private let customers: [Customer]
    /// Makes the hashes that API keys are found by.
    private let fingerprinter: KeyFingerprinter
    private let sandboxCustomers: [Customer]
    private let directory: CustomerDirectory
    private let compiled: [String: Compiled]
    private let fetched: [IssuerKeys.Origin: IssuerKeys]
    private let nonces: [String: UsedNonces]
    private let sharesNonces: Bool

    /// Compiles the authorizers of a model.
    /// - Parameters:
    ///   - fingerprinter: makes the hashes that API keys are found by; the one of `former` unless given, or one of its own.
    ///   - sharedNonces: those that other gateways refuse, too; without them, this one remembers its own only.
    ///   - former: what this replaces. Authorizers that have not changed keep their decisions, issuers their keys.
    /// - Throws: all faults of key sets, secrets and hashes at once.
    public init(
        _ model: Model,
        fingerprinter: KeyFingerprinter? = nil,
        sharedNonces: (any SharedNonces)? = nil,
        former: AuthorizationPlan? = nil
    ) throws(Faults) {
        let fingerprinter = fingerprinter ?? former?.fingerprinter ?? .random()
        self.fingerprinter = fingerprinter
        customers = model.customers
        sandboxCustomers = model.sandboxCustomers
        let isSameCustomers =
            former?.customers == model.customers && former?.sandboxCustomers == model.sandboxCustomers
            && former?.fingerprinter == fingerprinter
        if isSameCustomers, let former {
            directory = former.directory
        } else {
            directory = try CustomerDirectory(
                model.customers,
                sandbox: model.sandboxCustomers,
                fingerprinter: fingerprinter
            )
        }
        // A check that asks other gateways is another one.
        let isSameMemory = (former?.sharesNonces ?? false) == (sharedNonces != nil)
        var compilation = Compilation(
            directory: directory,
            former: former?.fetched ?? [:],
            formerNonces: former?.nonces ?? [:],
            sharedNonces: sharedNonces,
            hasRedis: model.redis != nil
        )
        var compiled: [String: Compiled] = [:]
        var faults: [Fault] = []
        for authorizer in model.authorizers {
            if isSameCustomers, isSameMemory, let known = former?.compiled[authorizer.name],
                known.authorizer == authorizer
            {
                compiled[authorizer.name] = known
                compilation.keep(authorizer)
                continue
            }
            do throws(Fault) {
                compiled[authorizer.name] = Compiled(
                    authorizer: authorizer,
                    check: try compilation.check(authorizer)
                )
            } catch {
                faults.append(error)
            }
        }
        guard faults.isEmpty else { throw Faults(faults) }
        self.compiled = compiled
        fetched = compilation.fetched
        nonces = compilation.nonces
        sharesNonces = sharedNonces != nil
    }

    /// Under which keys the workers remember decisions.
    public var memories: Set<StepMemoryKey> { Set(compiled.values.flatMap(\.check.memories)) }

    /// The keys that have to be fetched, and fetched anew.
    public var fetchedKeys: [FetchedKeys] {
        fetched.map { FetchedKeys(url: $0.key.source.description, keys: $0.value, refresh: $0.key.refresh) }
    }

    /// What an authorizer looks for, in words.
    func wanted(by name: String) -> String { compiled[name]?.authorizer.kind.words ?? "something" }

    func check(named name: String) -> (any CallerCheck)? { compiled[name]?.check }

    /// The names of fields that only the gateway may set for an API: those by which any of its routes tells backends about callers.
    public static func reservedFields(of api: HTTPAPI) -> Set<String> {
        var names: Set<String> = []
        for route in api.routes { for field in route.claimHeaders { names.insert(field.name.lowercased()) } }
        return names
    }

    /// The step of a route; `nil` when it has nothing to do.
    /// - Parameters:
    ///   - reserved: the fields that only the gateway may set for the route's API.
    ///   - isSandbox: whether that is a sandbox.
    /// - Throws: a fault when the route names an authorizer that the model does not have.
    public func step(
        for route: Route,
        reserved: Set<String>,
        isSandbox: Bool = false
    ) throws(Fault) -> Authorize? {
        guard route.access != nil || !reserved.isEmpty else { return nil }
        var rule: Authorize.Rule?
        var names: [String] = []
        if let access = route.access {
            var count = 0
            rule = try compile(access, at: route.source, count: &count, names: &names)
        }
        var fields: CallerFields?
        if !reserved.isEmpty {
            let lines = route.claimHeaders.map { CallerFields.Line(name: $0.name, value: Self.value($0.value)) }
            fields = CallerFields(lines: lines, reserved: reserved)
        }
        let name = names.isEmpty ? "authorize none" : "authorize " + names.joined(separator: ", ")
        let key = route.access.map { Self.key(of: $0, isSandbox: isSandbox) } ?? ""
        return Authorize(name: name, rule: rule, fields: fields, key: key, isSandbox: isSandbox)
    }

    /// A step that finds out who calls an API, where that is yet to decide which route takes the call. It refuses nobody: the route's own
    /// step does.
    /// - Throws: a fault when the rule names an authorizer that the model does not have.
    public func identification(for api: HTTPAPI, by rule: AccessRule) throws(Fault) -> any Step {
        var names: [String] = []
        var count = 0
        let compiled = try compile(rule, at: api.source, count: &count, names: &names)
        // Where the route matters, no route's rule is the one by which the caller was identified.
        let isSame = names.allSatisfy { check(named: $0)?.isSameForAllRoutes == true }
        return Authorize(
            name: "identify " + names.joined(separator: ", "),
            rule: compiled,
            fields: nil,
            key: isSame ? Self.key(of: rule, isSandbox: api.isSandbox) : "identify",
            isRequired: false,
            isSandbox: api.isSandbox
        )
    }

    private static func key(of rule: AccessRule, isSandbox: Bool) -> String {
        (isSandbox ? "sandbox " : "") + String(reflecting: rule)
    }

    private func compile(
        _ rule: AccessRule,
        at source: SourceLocation?,
        count: inout Int,
        names: inout [String]
    ) throws(Fault) -> Authorize.Rule {
        switch rule {
        case .authorizer(let name, let scopes):
            guard let compiled = compiled[name] else {
                throw Fault("no authorizer has this name", at: source, text: name)
            }
            count += 1
            names.append(name)
            return .check(compiled.check, scopes: scopes, number: count)
        case .anyOf(let rules):
            guard !rules.isEmpty else { throw Fault("an empty list lets nobody in", at: source) }
            var parts: [Authorize.Rule] = []
            for rule in rules { parts.append(try compile(rule, at: source, count: &count, names: &names)) }
            return .anyOf(parts)
        case .allOf(let rules):
            guard !rules.isEmpty else { throw Fault("an empty list would let everybody in", at: source) }
            var parts: [Authorize.Rule] = []
            for rule in rules { parts.append(try compile(rule, at: source, count: &count, names: &names)) }
            return .allOf(parts)
        }
    }

    private static func value(_ fact: CallerFact) -> CallerFields.Value {
        switch fact {
        case .claim(let name): .claim(name)
        case .customer: .customer
        case .label(let name): .label(name)
        case .scopes: .scopes
        }
    }
}

/// Keys that are fetched again and again.
public struct FetchedKeys: Sendable {
    /// From where: a key set's URL, or an issuer's.
    public let url: String
    /// The keys.
    public let keys: IssuerKeys
    /// How often.
    public let refresh: Duration
}
