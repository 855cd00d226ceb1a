import Credentials
import Exchange
import Model

/// Makes the checks of authorizers, and the keys that they share.
struct Compilation {
    let directory: CustomerDirectory
    /// The keys that a former configuration has fetched.
    let former: [IssuerKeys.Origin: IssuerKeys]
    private(set) var fetched: [IssuerKeys.Origin: IssuerKeys] = [:]
    /// The nonces that authorizers of a former configuration have seen: a reload lets nobody send them again.
    let formerNonces: [String: UsedNonces]
    private(set) var nonces: [String: UsedNonces] = [:]
    /// Those of all gateways together; `nil` when each has its own only.
    let sharedNonces: (any SharedNonces)?
    /// Whether a server is named that gateways share.
    let hasRedis: Bool

    init(
        directory: CustomerDirectory,
        former: [IssuerKeys.Origin: IssuerKeys],
        formerNonces: [String: UsedNonces],
        sharedNonces: (any SharedNonces)?,
        hasRedis: Bool
    ) {
        self.directory = directory
        self.former = former
        self.formerNonces = formerNonces
        self.sharedNonces = sharedNonces
        self.hasRedis = hasRedis
    }

    mutating func check(_ authorizer: Authorizer) throws(Fault) -> any CallerCheck {
        switch authorizer.kind {
        case .token(let settings):
            let issuers = try issuers(of: settings, authorizer)
            return TokenCheck(authorizer, settings, issuers: issuers, customers: directory)
        case .apiKey(let place): return KeyCheck(authorizer, place: place, customers: directory)
        case .basic(let realm, let form):
            return PasswordCheck(authorizer, realm: realm, form: form, customers: directory)
        case .signature(let rules):
            if rules.onNonceFailure != nil, !hasRedis {
                let rule =
                    "\"on_failure\" of signatures is for nonces that gateways share; name the server with \"redis\""
                throw Fault(rule, at: authorizer.source, text: authorizer.name)
            }
            let used = formerNonces[authorizer.name] ?? UsedNonces()
            nonces[authorizer.name] = used
            return SignatureCheck(authorizer, rules, customers: directory, nonces: used, shared: sharedNonces)
        case .certificate: return CertificateCheck(authorizer, customers: directory)
        case .external(let settings): return try ExternalCheck(authorizer, settings, customers: directory)
        case .address(let rule): return AddressCheck(name: authorizer.name, rule: rule)
        }
    }

    /// Keeps the keys and nonces of an authorizer that was compiled before.
    mutating func keep(_ authorizer: Authorizer) {
        nonces[authorizer.name] = formerNonces[authorizer.name]
        guard case .token(let settings) = authorizer.kind else { return }
        for origin in Self.origins(of: settings) { fetched[origin] = former[origin] }
    }

    private mutating func issuers(
        of settings: TokenAuthorization,
        _ authorizer: Authorizer
    ) throws(Fault) -> [TokenCheck.Issuer] {
        switch settings.keys {
        case .file(let content):
            let keys = IssuerKeys(try Self.keySet(content))
            return [issuer(settings.issuers, keys, settings)]
        case .secret(let secret):
            let keys = IssuerKeys(try Self.keySet(secret, at: authorizer))
            return [issuer(settings.issuers, keys, settings)]
        case .url, .discovery:
            let origins = Self.origins(of: settings)
            var issuers: [TokenCheck.Issuer] = []
            for origin in origins {
                let keys = fetched[origin] ?? former[origin] ?? IssuerKeys(origin)
                fetched[origin] = keys
                if case .issuer(let name) = origin.source {
                    issuers.append(issuer([name], keys, settings))
                } else {
                    issuers.append(issuer(settings.issuers, keys, settings))
                }
            }
            return issuers
        }
    }

    private func issuer(_ names: [String], _ keys: IssuerKeys, _ settings: TokenAuthorization) -> TokenCheck.Issuer {
        let rules = ClaimRules(
            issuers: names,
            audience: settings.audiences.map { ClaimRules.Audience.oneOf($0) } ?? .anyone,
            required: settings.claims.map { ClaimRules.Required($0.name, values: $0.values) },
            types: settings.types,
            leeway: Int(settings.leeway.components.seconds)
        )
        return TokenCheck.Issuer(names: names.map { Array($0.utf8) }, keys: keys, rules: rules)
    }

    private static func origins(of settings: TokenAuthorization) -> [IssuerKeys.Origin] {
        switch settings.keys {
        case .file, .secret: []
        case .url(let url):
            [IssuerKeys.Origin(source: .keySet(url), refresh: settings.refresh, keep: settings.keep)]
        case .discovery:
            settings.issuers.map { issuer in
                IssuerKeys.Origin(source: .issuer(issuer), refresh: settings.refresh, keep: settings.keep)
            }
        }
    }

    private static func keySet(_ content: NamedContent) throws(Fault) -> KeySet {
        let keys: KeySet
        do {
            keys = try KeySet(document: content.bytes)
        } catch {
            throw Fault("this is no key set (RFC 7517): \(sentence(error))", at: content.source, text: content.name)
        }
        guard !keys.keys.isEmpty else {
            let first = keys.skipped.first.map { ": \($0.fault)" } ?? ""
            throw Fault("the key set has no key that can be used\(first)", at: content.source, text: content.name)
        }
        return keys
    }

    private static func keySet(_ secret: Secret, at authorizer: Authorizer) throws(Fault) -> KeySet {
        do {
            let bytes = secret.withText { Array($0.utf8) }
            return KeySet([try VerificationKey(id: nil, material: KeyMaterial(secret: bytes))])
        } catch {
            throw Fault("\(error)", at: authorizer.source, text: authorizer.name)
        }
    }

    private static func sentence(_ fault: KeySetFault) -> String {
        switch fault {
        case .notJSON: "it is no JSON, or too large"
        case .noKeys: "it has no list \"keys\""
        case .tooManyKeys: "it has more than \(KeySet.mostKeys) keys"
        }
    }
}
