import Credentials
import Crypto
import Model

/// What customers prove to be themselves with, read and held against what others have.
extension CustomerTable {
    /// What is put into the table for one customer.
    struct Credentials {
        var keys: [KeyFingerprint: Key] = [:]
        var users: [String: User] = [:]
        var signers: [String: Signer] = [:]
        var holders: [String: [CertificateHolder]] = [:]
    }

    /// - Throws: all that another customer has, or that can't be used.
    func credentials(of customer: Customer, _ known: KnownCustomer) throws(Faults) -> Credentials {
        var faults: [Fault] = []
        var found = Credentials()
        for key in customer.apiKeys { add(key, to: &found, known, &faults) }
        for password in customer.passwords { add(password, to: &found, known, &faults) }
        for key in customer.signingKeys { add(key, to: &found, known, &faults) }
        for certificate in customer.certificates { add(certificate, to: &found, known, &faults) }
        guard faults.isEmpty else { throw Faults(faults) }
        return found
    }

    private func add(
        _ key: Customer.APIKey,
        to found: inout Credentials,
        _ known: KnownCustomer,
        _ faults: inout [Fault]
    ) {
        guard let fingerprint = fingerprint(of: key) else {
            faults.append(Fault("expected 64 hexadecimal digits in lower case", at: key.source))
            return
        }
        let isAnothers = self.key(fingerprint).map { !$0.customer.isSame(known) } ?? false
        let former = found.keys.updateValue(Key(id: key.id, customer: known), forKey: fingerprint)
        if isAnothers || former != nil {
            faults.append(Fault("this API key is declared twice", at: key.source, text: key.id))
        }
    }

    private func add(
        _ password: Customer.Password,
        to found: inout Credentials,
        _ known: KnownCustomer,
        _ faults: inout [Fault]
    ) {
        do throws(PasswordHashFault) {
            let hash = try password.hash.withText { (text) throws(PasswordHashFault) in try PasswordHash(text) }
            let isAnothers = user(named: password.user).map { !$0.customer.isSame(known) } ?? false
            let user = User(name: password.user, hash: hash, customer: known)
            let former = found.users.updateValue(user, forKey: password.user)
            if isAnothers || former != nil {
                let rule = "two customers have this user, or one and their sandbox"
                faults.append(Fault(rule, at: password.source, text: password.user))
            }
        } catch {
            faults.append(Fault(Self.sentence(error), at: password.source, text: password.user))
        }
    }

    private func add(
        _ key: Customer.SigningKey,
        to found: inout Credentials,
        _ known: KnownCustomer,
        _ faults: inout [Fault]
    ) {
        do throws(Fault) {
            let signer = Signer(key: try SigningKeys.key(key), customer: known)
            let isAnothers = self.signer(key.id).map { !$0.customer.isSame(known) } ?? false
            if isAnothers || found.signers.updateValue(signer, forKey: key.id) != nil {
                faults.append(Fault("two signing keys have this id", at: key.source, text: key.id))
            }
        } catch {
            faults.append(error)
        }
    }

    private func add(
        _ certificate: Customer.Certificate,
        to found: inout Credentials,
        _ known: KnownCustomer,
        _ faults: inout [Fault]
    ) {
        let name = certificate.name.text
        let others = holders(of: name).filter { !$0.customer.isSame(known) } + (found.holders[name] ?? [])
        let isTaken = others.contains { other in
            other.issuer == certificate.issuer || other.issuer == nil || certificate.issuer == nil
        }
        if isTaken {
            faults.append(Fault("this certificate is declared twice", at: certificate.source, text: name))
        }
        found.holders[name, default: []].append(CertificateHolder(issuer: certificate.issuer, customer: known))
    }

    private func fingerprint(of key: Customer.APIKey) -> KeyFingerprint? {
        switch key.form {
        case .secret(let secret):
            let digest = secret.withText { Array(SHA256.hash(data: Array($0.utf8))) }
            return fingerprinter.fingerprint(of: digest.span)
        case .sha256(let text):
            guard let digest = Hexadecimal.decode(text), digest.count == 32 else { return nil }
            return fingerprinter.fingerprint(of: digest.span)
        case .fingerprint(let text): return KeyFingerprint(text)
        }
    }

    private static func sentence(_ fault: PasswordHashFault) -> String {
        switch fault {
        case .notInForm: "expected a hash as $scrypt$ln=15,r=8,p=1$SALT$HASH, salt and hash in base64 without padding"
        case .unknownFunction: "only scrypt is read"
        case .unacceptableCost: "its cost is out of bounds: 2^10 to 2^20 rounds, blocks of 1…16, 1…4 lanes, 128 MiB"
        }
    }
}

extension Customer.Certificate.Name {
    /// As `ClientCertificate.names` has it.
    var text: String {
        switch self {
        case .sha256(let text): "sha256:" + text
        case .subject(let text): "subject:" + text
        case .dns(let text): "dns:" + text.lowercased()
        case .uri(let text): "uri:" + text
        case .email(let text): "email:" + text
        }
    }
}
