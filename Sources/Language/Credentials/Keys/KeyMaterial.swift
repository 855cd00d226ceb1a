internal import Crypto
internal import CryptoExtras

/// A public key or a secret, parsed once. What kind it is decides what can be verified with it: the bytes of a public
/// key are never a secret's, whatever a token says.
public struct KeyMaterial: Sendable {
    /// The kinds of keys.
    public enum Kind: Sendable, Hashable {
        /// RSA of 2048 to 8192 bits.
        case rsa
        /// ECDSA on the NIST curve P-256.
        case p256
        /// ECDSA on the NIST curve P-384.
        case p384
        /// ECDSA on the NIST curve P-521.
        case p521
        /// Ed25519 (RFC 8032).
        case ed25519
        /// A secret that both sides know, of so many bytes.
        case secret(byteCount: Int)
    }

    enum Parsed: Sendable {
        case rsa(_RSA.Signing.PublicKey)
        case p256(P256.Signing.PublicKey)
        case p384(P384.Signing.PublicKey)
        case p521(P521.Signing.PublicKey)
        case ed25519(Curve25519.Signing.PublicKey)
        case secret(SymmetricKey)
    }

    let parsed: Parsed
    /// The kind of this key.
    public let kind: Kind

    /// The sizes of RSA keys that are taken, in bits. Each doubling makes a verification some three times dearer.
    public static let rsaBits = 2048...8192
    /// The sizes of secrets that are taken, in bytes (RFC 7518, 3.2: no less than the hash has).
    public static let secretBytes = 32...1024

    /// A secret that both sides know.
    public init(secret: [UInt8]) throws(KeyFault) {
        guard secret.count >= Self.secretBytes.lowerBound else { throw .secretTooShort }
        guard secret.count <= Self.secretBytes.upperBound else { throw .secretTooLong }
        parsed = .secret(SymmetricKey(data: secret))
        kind = .secret(byteCount: secret.count)
    }

    /// An RSA key from its numbers, the most significant byte first.
    public init(rsaModulus: [UInt8], exponent: [UInt8]) throws(KeyFault) {
        let bits = Self.bitCount(rsaModulus)
        guard Self.rsaBits.contains(bits) else { throw .wrongSize(bits: bits) }
        guard !exponent.isEmpty, let key = try? _RSA.Signing.PublicKey(n: rsaModulus, e: exponent) else {
            throw .notAKey
        }
        parsed = .rsa(key)
        kind = .rsa
    }

    /// A key on a NIST curve from its point's coordinates, each with all of the field's bytes (RFC 7518, 6.2.1).
    public init(curve: Kind, x: [UInt8], y: [UInt8]) throws(KeyFault) {
        let raw = x + y
        let parsed: Parsed?
        switch curve {
        case .p256 where x.count == 32 && y.count == 32:
            parsed = (try? P256.Signing.PublicKey(rawRepresentation: raw)).map(Parsed.p256)
        case .p384 where x.count == 48 && y.count == 48:
            parsed = (try? P384.Signing.PublicKey(rawRepresentation: raw)).map(Parsed.p384)
        case .p521 where x.count == 66 && y.count == 66:
            parsed = (try? P521.Signing.PublicKey(rawRepresentation: raw)).map(Parsed.p521)
        default: parsed = nil
        }
        guard let parsed else { throw .notAKey }
        self.parsed = parsed
        kind = curve
    }

    /// An Ed25519 key from its 32 bytes.
    public init(ed25519: [UInt8]) throws(KeyFault) {
        guard ed25519.count == 32, let key = try? Curve25519.Signing.PublicKey(rawRepresentation: ed25519) else {
            throw .notAKey
        }
        parsed = .ed25519(key)
        kind = .ed25519
    }

    /// A public key of any kind in PEM: `BEGIN PUBLIC KEY` (RFC 7468, 13), or `BEGIN RSA PUBLIC KEY`.
    public init(pem: String) throws(KeyFault) {
        if let key = try? _RSA.Signing.PublicKey(unsafePEMRepresentation: pem) {
            guard Self.rsaBits.contains(key.keySizeInBits) else { throw .wrongSize(bits: key.keySizeInBits) }
            self.init(.rsa(key), kind: .rsa)
        } else if let key = try? P256.Signing.PublicKey(pemRepresentation: pem) {
            self.init(.p256(key), kind: .p256)
        } else if let key = try? P384.Signing.PublicKey(pemRepresentation: pem) {
            self.init(.p384(key), kind: .p384)
        } else if let key = try? P521.Signing.PublicKey(pemRepresentation: pem) {
            self.init(.p521(key), kind: .p521)
        } else if let key = try? Curve25519.Signing.PublicKey(pemRepresentation: pem) {
            self.init(.ed25519(key), kind: .ed25519)
        } else {
            throw .notPEM
        }
    }

    private init(_ parsed: Parsed, kind: Kind) {
        self.parsed = parsed
        self.kind = kind
    }

    private static func bitCount(_ number: [UInt8]) -> Int {
        let significant = number.drop { $0 == 0 }
        guard let first = significant.first else { return 0 }
        return significant.count * 8 - first.leadingZeroBitCount
    }
}
