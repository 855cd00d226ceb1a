/// What the configuration file would say under a customer's id, without credentials: those are made and kept apart. Read, and not yet
/// held against what is served.
public struct CustomerSettings: Sendable {
    /// The customer, without what refers to other parts of a model but its plan.
    public private(set) var customer: Customer
    /// The customer as sandboxes know it; `nil` for one who may not call any.
    public private(set) var sandbox: Customer?
    private let plans: [Located<String>]
    fileprivate let backends: [Named<String, Located<TargetReference>>]
    fileprivate let versions: [Named<String, Located<String>>]

    /// Reads a JSON or YAML text.
    /// - Parameters:
    ///   - id: the customer's id, a name as in the file.
    ///   - settings: the mapping; at most 64 KiB.
    /// - Throws: all faults at once, with line and column in `settings`.
    public init(id: String, settings: String) throws(Faults) {
        guard Shape<String>.isName(id) else {
            throw Faults([Fault("expected a name (letters, digits, - _ . and at most 64 of them)", text: id)])
        }
        guard settings.utf8.count <= Self.mostBytes else {
            throw Faults([Fault("a customer's settings have at most \(Self.mostBytes) bytes")])
        }
        var faults: [Fault] = []
        let parsed: YAMLNode?
        do throws(Fault) { parsed = try YAMLNode.parse(settings, file: "settings", &faults) } catch {
            throw Faults([error])
        }
        let empty = YAMLNode(content: .mapping([]), location: SourceLocation(file: "settings", line: 1, column: 1))
        let node = parsed ?? empty
        for (place, names) in [(node, Self.credentials), (node["sandbox"] ?? empty, Self.sandboxCredentials)] {
            guard case .mapping = place.content else { continue }
            for name in names {
                guard let written = place[name] else { continue }
                faults.add("credentials are made by the gateway, each by itself", at: written.location, text: name)
            }
        }
        let declaration = unsafe Self.shape.read(node, &faults)
        guard faults.isEmpty, let declaration else { throw Faults(faults) }
        var customer = declaration.customer
        customer.id = id
        customer.plan = declaration.plan?.value
        self.customer = customer
        sandbox = declaration.sandbox.map { declaration.customer.inSandbox(id: id, plan: $0.plan?.value) }
        plans = [declaration.plan, declaration.sandbox?.plan].compactMap(\.self)
        backends = declaration.backends
        versions = declaration.versions
    }

    /// The same settings of another customer.
    public func given(to id: String) -> CustomerSettings {
        var settings = self
        settings.customer.id = id
        settings.sandbox?.id = id
        return settings
    }

    /// Made once, since that takes longer than to read settings by it.
    // Invariant: a shape never changes, and its closures capture nothing that could, so that any thread may read by it.
    private nonisolated(unsafe) static let shape = Shape<CustomerDeclaration>.customer

    /// Whether the customer has backends or versions of its own.
    public var hasRoutes: Bool { !backends.isEmpty || !versions.isEmpty }

    /// All that is said of plans that a model does not have.
    fileprivate func faults(ofPlansIn model: Model) -> [Fault] {
        let names = model.plans.map(\.name)
        return plans.filter { !names.contains($0.value) }
            .map { plan in
                let known = names.isEmpty ? "" : "; there are: \(names.sorted().joined(separator: ", "))"
                let suggestion = Spelling.closest(to: plan.value, among: names.sorted())
                return Fault(
                    "no plan has this name\(known)",
                    at: plan.location,
                    text: plan.value,
                    suggestion: suggestion
                )
            }
    }

    private static let credentials = ["api_keys", "passwords", "signing_keys"]
    private static let sandboxCredentials = ["api_keys", "passwords"]
    private static let mostBytes = 64 << 10
}

extension Model {
    /// All that settings name and this model does not have.
    public func faults(in settings: CustomerSettings) -> [Fault] {
        var faults = settings.faults(ofPlansIn: self)
        guard settings.hasRoutes else { return faults }
        var assembly = ModelAssembly(of: self)
        _ = assembly.routes(of: settings, in: self)
        faults += assembly.faults
        return faults
    }

    /// Whether settings name things that are there in one of two models, and not in the other; also whether other customers are declared.
    public func differsForCustomers(from other: Model) -> Bool {
        func places(_ apis: [HTTPAPI]) -> [String] {
            apis.map { "\($0.title) \($0.unversionedPath != nil) \($0.access != nil)" }
        }
        return plans.map(\.name) != other.plans.map(\.name) || backends.map(\.name) != other.backends.map(\.name)
            || places(apis) != places(other.apis) || customers != other.customers
            || sandboxCustomers != other.sandboxCustomers || sealingKeys != other.sealingKeys
    }

    /// Takes in the backends and versions of customers that are managed while the gateway runs. What is at fault is left out.
    public mutating func add(_ settings: [CustomerSettings]) {
        var assembly = ModelAssembly(of: self)
        for settings in settings where settings.hasRoutes {
            let before = assembly.faults.count
            let customer = assembly.routes(of: settings, in: self)
            guard assembly.faults.count == before else { continue }
            liveCustomers.append(customer)
        }
        backends = assembly.backends
    }
}

extension ModelAssembly {
    /// An assembly that goes on from a model.
    fileprivate init(of model: Model) {
        self.init(loader: DocumentLoader(source: .disk, environment: Environment(values: [:])))
        backends = model.backends
        backendNames = Set(model.backends.map(\.name))
    }

    /// A customer with its backends and versions, which is to be used only when there are no faults.
    fileprivate mutating func routes(of settings: CustomerSettings, in model: Model) -> Customer {
        var customer = Customer(id: settings.customer.id)
        let originals = Dictionary(backends.map { ($0.name, $0) }) { first, _ in first }
        customer.backends = settings.backends.compactMap { replacement($0, among: originals) }
        customer.versions = settings.versions.compactMap { pin in
            guard let version = pin.value, isPinnable(pin, version, model.apis) else { return nil }
            return VersionPin(api: pin.key, version: version.value)
        }
        return customer
    }
}

extension Customer {
    /// Whether a text can name a customer, or one of its keys.
    public static func isName(_ text: String) -> Bool { Shape<String>.isName(text) }

    /// The same customer as sandboxes know it: nothing of its credentials, and another plan.
    func inSandbox(id: String, plan: String?) -> Customer {
        Customer(id: id, name: name, isSuspended: isSuspended, addresses: addresses, labels: labels, plan: plan)
    }
}
