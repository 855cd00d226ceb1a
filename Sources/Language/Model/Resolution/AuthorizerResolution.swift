/// Makes authorizers and customers of their declarations: reads key sets and finds secrets.
struct AuthorizerResolution {
    private(set) var loader: DocumentLoader
    private(set) var faults: [Fault] = []

    /// An API key that can be guessed is none. Ours have 190 random bits; this leaves room for others'.
    private static let leastKeyBytes = 16
    private static let mostKeyBytes = 256

    init(loader: DocumentLoader) {
        self.loader = loader
    }

    /// The authorizer, which is to be used only when there are no faults.
    mutating func authorizer(from declaration: Named<String, AuthorizerDeclaration>) -> Authorizer? {
        guard let value = declaration.value else { return nil }
        let kind: Authorizer.Kind
        switch value.kind {
        case .token(let token):
            guard let rules = rules(from: token) else { return nil }
            kind = .token(rules)
        case .apiKey(let place): kind = .apiKey(place)
        case .basic(let basic): kind = .basic(realm: basic.realm, form: basic.form)
        case .signature(let rules): kind = .signature(rules)
        case .certificate: kind = .certificate
        case .external(let settings): kind = .external(settings)
        case .address(let rule): kind = .address(rule)
        }
        var made = Authorizer(name: declaration.key, kind: kind, cache: value.cache, source: declaration.location)
        made.isSandbox = value.isSandbox
        return made
    }

    private mutating func rules(from declaration: TokenDeclaration) -> TokenAuthorization? {
        var rules = declaration.rules
        if let secret = declaration.secret {
            guard let found = loader.loadSecret(secret) else { return nil }
            rules.keys = .secret(found)
        } else if let keySet = declaration.keySet {
            if keySet.value.contains("://") {
                guard KeyServer.mayBeAsked(keySet.value) else {
                    let rule = "keys are fetched over https, or over http from this machine"
                    faults.add(rule, at: keySet.location, text: keySet.value)
                    return nil
                }
                rules.keys = .url(keySet.value)
            } else {
                guard let content = loader.loadContent(keySet) else { return nil }
                rules.keys = .file(content)
            }
        }
        return rules
    }

    /// The customer, which is to be used only when there are no faults.
    mutating func customer(from declaration: Named<String, CustomerDeclaration>) -> Customer? {
        guard let value = declaration.value else { return nil }
        var customer = value.customer
        customer.id = declaration.key
        customer.source = declaration.location
        customer.apiKeys = value.apiKeys.compactMap { key(from: $0) }
        customer.plan = value.plan?.value
        customer.signingKeys = value.signingKeys.compactMap { signingKey(from: $0) }
        return customer
    }

    private mutating func signingKey(from declaration: Located<SigningKeyDeclaration>) -> Customer.SigningKey? {
        let key = declaration.value
        let form: Customer.SigningKey.Form
        if let reference = key.secret {
            guard let secret = loader.loadSecret(reference) else { return nil }
            form = .secret(secret)
        } else {
            guard let file = key.publicKey, let content = loader.loadContent(file) else { return nil }
            form = .publicKey(content)
        }
        return Customer.SigningKey(id: key.id, form: form, algorithm: key.algorithm, source: declaration.location)
    }

    /// The customer as sandboxes know them; `nil` for one who may not call any. They have nothing of their other credentials.
    mutating func sandboxCustomer(from declaration: Named<String, CustomerDeclaration>) -> Customer? {
        guard let value = declaration.value, let sandbox = value.sandbox else { return nil }
        var customer = value.customer.inSandbox(id: declaration.key, plan: sandbox.plan?.value)
        customer.apiKeys = sandbox.apiKeys.compactMap { key(from: $0) }
        customer.passwords = sandbox.passwords
        customer.source = declaration.location
        return customer
    }

    private mutating func key(from declaration: Located<APIKeyDeclaration>) -> Customer.APIKey? {
        let key = declaration.value
        if let hash = key.sha256 {
            return Customer.APIKey(id: key.id, form: .sha256(hash), source: declaration.location)
        }
        guard let reference = key.secret, let secret = loader.loadSecret(reference) else { return nil }
        let count = secret.withText(\.utf8.count)
        guard (Self.leastKeyBytes...Self.mostKeyBytes).contains(count) else {
            let rule = "an API key has \(Self.leastKeyBytes)…\(Self.mostKeyBytes) bytes"
            faults.add(rule, at: reference.location)
            return nil
        }
        return Customer.APIKey(id: key.id, form: .secret(secret), source: declaration.location)
    }
}
