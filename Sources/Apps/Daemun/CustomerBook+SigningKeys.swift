import Admin
import Authorization
import Credentials
import CustomerStore
import Logging
import Model

/// What customers sign requests with. A secret has to be read again to check with it, so it is kept encrypted.
extension CustomerBook {
    /// The keys that a model names; `nil` when it names none.
    static func sealing(_ keys: [Secret]) throws(Faults) -> SealingKeys? {
        do throws(SealingFault) {
            return try StoreKey.sealing(keys.map { $0.withText { $0 } })
        } catch {
            throw Faults([Fault("the sealing keys can't be used: \(error)")])
        }
    }

    /// Has everything sealed by the first key, once a model is served that says so.
    func sealAll() async {
        do { try await sealAnew() } catch {
            logger.error("secrets can't be sealed anew", metadata: ["error": "\(error)"])
        }
    }

    /// Has everything sealed by the first key that an earlier one has sealed.
    func sealAnew() async throws {
        guard let sealing else { return }
        let count = try await store.reseal { customer, id, sealed in
            guard sealing.isOutdated(sealed) else { return nil }
            let owner = StoredSigningKey.owner(of: id, customer: customer)
            // What does not open stays; reading it tells.
            guard let secret = try? sealing.open(sealed, for: owner) else { return nil }
            return try sealing.seal(secret, for: owner)
        }
        if count > 0 { logger.notice("secrets were sealed anew", metadata: ["count": "\(count)"]) }
    }

    /// - Returns: `nil` for a secret that does not open.
    func signingKey(_ stored: StoredSigningKey, of customer: String) -> Customer.SigningKey? {
        switch stored.form {
        case .publicKey(let text): return Self.publicKey(text, id: stored.id, algorithm: stored.algorithm)
        case .sealed(let sealed):
            do throws(SealingFault) {
                guard let sealing else { throw .unknownKey("") }
                let secret = try sealing.open(sealed, for: StoredSigningKey.owner(of: stored.id, customer: customer))
                let text = Secret(String(decoding: secret, as: UTF8.self))
                return Customer.SigningKey(id: stored.id, form: .secret(text), algorithm: stored.algorithm)
            } catch {
                var reason = "the text was changed, or is another customer's"
                if case .unknownKey = error { reason = "the key that has sealed it is not among data.sealing_keys" }
                logger.error(
                    "signing key is not taken",
                    metadata: ["customer": "\(customer)", "key": "\(stored.id)", "reason": "\(reason)"]
                )
                return nil
            }
        }
    }

    private static func publicKey(_ text: String, id: String, algorithm: String?) -> Customer.SigningKey {
        let content = NamedContent(id, bytes: Array(text.utf8))
        return Customer.SigningKey(id: id, form: .publicKey(content), algorithm: algorithm)
    }

    func addSigningKey(_ key: NewSigningKey, of customer: String) async throws -> String? {
        let declared = model.customers.flatMap(\.signingKeys)
        guard !declared.contains(where: { $0.id == key.id }) else { throw CustomerStoreFault.signingKeyExists(key.id) }
        let read: Customer.SigningKey
        let form: StoredSigningKey.Form
        var made: String?
        switch key.form {
        case .publicKey(let text):
            read = Self.publicKey(text, id: key.id, algorithm: key.algorithm)
            form = .publicKey(text)
        case .secret(let secret):
            read = Customer.SigningKey(id: key.id, form: .secret(secret), algorithm: key.algorithm)
            form = try sealed(secret, id: key.id, customer: customer)
        case .made:
            // Its text as it stands is the secret, as in the configuration file.
            guard let text = GeneratedSecret.apiKey(prefix: "ds") else { preconditionFailure("a prefix of our own") }
            made = text
            read = Customer.SigningKey(id: key.id, form: .secret(Secret(text)), algorithm: key.algorithm)
            form = try sealed(Secret(text), id: key.id, customer: customer)
        }
        let probe = Customer(id: customer, signingKeys: [read])
        try CustomerTable(fingerprinter: store.fingerprinter).check(probe)
        let stored = StoredSigningKey(id: key.id, form: form, algorithm: key.algorithm)
        try await change(customer) { try await $0.addSigningKey(stored, of: customer) }
        return made
    }

    private func sealed(_ secret: Secret, id: String, customer: String) throws -> StoredSigningKey.Form {
        guard let sealing else { throw NoSealingKey() }
        let owner = StoredSigningKey.owner(of: id, customer: customer)
        do throws(SealingFault) {
            return .sealed(try sealing.seal(secret.withText { Array($0.utf8) }, for: owner))
        } catch {
            throw Faults([Fault("the secret can't be kept: it has more than \(SealingKeys.mostSecretBytes) bytes")])
        }
    }

    func removeSigningKey(_ id: String, of customer: String) async throws {
        try await change(customer) { try await $0.removeSigningKey(id, of: customer) }
    }
}
