internal import Crypto
internal import CryptoExtras

/// A way to sign, as JOSE and HTTP Message Signatures both name it, each in its own words.
enum SignatureScheme: Sendable, Hashable {
    enum Hash: Sendable, Hashable {
        case sha256, sha384, sha512
    }

    /// RSASSA-PKCS1-v1_5 (RFC 8017, 8.2).
    case rsaPKCS1(Hash)
    /// RSASSA-PSS with MGF1 of the same hash and a salt of its length (RFC 8017, 8.1).
    case rsaPSS(Hash)
    /// ECDSA; the signature is both numbers with all of the field's bytes, not DER.
    case ecdsa(Hash)
    case ed25519
    case hmac(Hash)

    /// Whether a key of that kind can make such signatures. A curve has its one hash (RFC 7518, 3.4), and a secret is
    /// no shorter than the hash.
    func suits(_ kind: KeyMaterial.Kind) -> Bool {
        switch (self, kind) {
        case (.rsaPKCS1, .rsa), (.rsaPSS, .rsa), (.ed25519, .ed25519): true
        case (.ecdsa(.sha256), .p256), (.ecdsa(.sha384), .p384), (.ecdsa(.sha512), .p521): true
        case (.hmac(.sha256), .secret(let bytes)): bytes >= SHA256.byteCount
        case (.hmac(.sha384), .secret(let bytes)): bytes >= SHA384.byteCount
        case (.hmac(.sha512), .secret(let bytes)): bytes >= SHA512.byteCount
        default: false
        }
    }
}

extension KeyMaterial {
    /// Whether a signature is one of the message by this key. A scheme that is not for this kind of key is `false`;
    /// there is no way from a public key to a secret.
    func isValid(_ signature: [UInt8], of message: Span<UInt8>, by scheme: SignatureScheme) -> Bool {
        guard scheme.suits(kind) else { return false }
        return switch scheme {
        case .ed25519: isValidEd25519(signature, of: message)
        case .rsaPKCS1(.sha256), .rsaPSS(.sha256), .ecdsa(.sha256), .hmac(.sha256):
            isValid(signature, of: message, by: scheme, SHA256.self)
        case .rsaPKCS1(.sha384), .rsaPSS(.sha384), .ecdsa(.sha384), .hmac(.sha384):
            isValid(signature, of: message, by: scheme, SHA384.self)
        case .rsaPKCS1(.sha512), .rsaPSS(.sha512), .ecdsa(.sha512), .hmac(.sha512):
            isValid(signature, of: message, by: scheme, SHA512.self)
        }
    }

    private func isValid<Hash: HashFunction>(
        _ signature: [UInt8],
        of message: Span<UInt8>,
        by scheme: SignatureScheme,
        _: Hash.Type
    ) -> Bool {
        if case .secret(let key) = parsed {
            var code = HMAC<Hash>(key: key)
            unsafe message.withUnsafeBytes { unsafe code.update(data: $0) }
            return Array(code.finalize()).span.equalsInConstantTime(signature.span)
        }
        var hash = Hash()
        unsafe message.withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
        let digest = hash.finalize()
        switch parsed {
        case .rsa(let key):
            var padding = _RSA.Signing.Padding.PSS
            if case .rsaPKCS1 = scheme { padding = .insecurePKCS1v1_5 }
            return key.isValidSignature(.init(rawRepresentation: signature), for: digest, padding: padding)
        case .p256(let key):
            guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature) else { return false }
            return key.isValidSignature(signature, for: digest)
        case .p384(let key):
            guard let signature = try? P384.Signing.ECDSASignature(rawRepresentation: signature) else { return false }
            return key.isValidSignature(signature, for: digest)
        case .p521(let key):
            guard let signature = try? P521.Signing.ECDSASignature(rawRepresentation: signature) else { return false }
            return key.isValidSignature(signature, for: digest)
        case .ed25519, .secret: return false
        }
    }

    private func isValidEd25519(_ signature: [UInt8], of message: Span<UInt8>) -> Bool {
        guard case .ed25519(let key) = parsed, signature.count == 64 else { return false }
        return unsafe message.withUnsafeBytes { unsafe key.isValidSignature(signature, for: $0) }
    }
}
