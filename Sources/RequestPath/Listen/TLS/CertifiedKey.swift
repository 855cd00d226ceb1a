import FoundationEssentials
import Model
import NIOSSL
import SwiftASN1
import X509

/// A server's certificate and key, read and found to be usable.
struct CertifiedKey {
    /// The certificate, then its intermediates.
    let chain: [NIOSSLCertificate]
    let key: NIOSSLPrivateKey
    /// The hosts that clients reach with it, in lower case; a wildcard begins with `*.`.
    let names: [String]
    /// When it ends.
    let status: CertificateStatus
    /// The scheme that a client has to know to verify its signatures; `nil` when every client does (RSA).
    let signatureScheme: UInt16?

    /// Reads what a model holds.
    /// - Throws: a fault at the place where the certificate or its key is named.
    init(_ certificate: ServerCertificate) throws(Fault) {
        let certificates = try PEMCertificates.read(certificate.chain)
        guard let first = certificates.first else { throw PEMCertificates.none(in: certificate.chain) }
        chain = try PEMCertificates.native(certificates, of: certificate.chain)
        key = try Self.key(of: certificate)
        signatureScheme = Self.signatureScheme(of: first.publicKey)
        let own = (try? first.extensions.subjectAlternativeNames)?.dnsNames ?? []
        names = certificate.hosts.isEmpty ? own : certificate.hosts.map(\.description)
        status = CertificateStatus(
            file: certificate.chain.name,
            name: names.first ?? "",
            endsAt: Int(first.notValidAfter.timeIntervalSince1970),
            keyFile: certificate.keyName.name
        )
    }

    private static func key(of certificate: ServerCertificate) throws(Fault) -> NIOSSLPrivateKey {
        let key = certificate.key.withText { text in
            try? NIOSSLPrivateKey(bytes: Array(text.utf8), format: .pem)
        }
        if let key { return key }
        let isEncrypted = certificate.key.withText { $0.contains("ENCRYPTED") }
        throw Fault(
            isEncrypted ? "the private key is encrypted; only plain ones can be read" : "no private key in PEM",
            at: certificate.keyName.source,
            text: certificate.keyName.name
        )
    }

    /// The scheme by which a key signs in TLS (RFC 8446, 4.2.3). A curve has one, RSA has several that all clients know.
    private static func signatureScheme(of key: Certificate.PublicKey) -> UInt16? {
        var serializer = DER.Serializer()
        guard (try? serializer.serialize(key)) != nil,
            let algorithm = try? KeyAlgorithm(derEncoded: serializer.serializedBytes)
        else { return nil }
        switch algorithm.curve ?? algorithm.identifier {
        case .NamedCurves.secp256r1: return SignatureAlgorithm.ecdsaSecp256R1Sha256.rawValue
        case .NamedCurves.secp384r1: return SignatureAlgorithm.ecdsaSecp384R1Sha384.rawValue
        case .NamedCurves.secp521r1: return SignatureAlgorithm.ecdsaSecp521R1Sha512.rawValue
        case KeyAlgorithm.ed25519: return SignatureAlgorithm.ed25519.rawValue
        default: return nil
        }
    }
}

/// What a public key says of its kind (SubjectPublicKeyInfo, RFC 5280, 4.1).
private struct KeyAlgorithm: DERParseable {
    let identifier: ASN1ObjectIdentifier
    /// The curve of an elliptic-curve key.
    let curve: ASN1ObjectIdentifier?

    /// RFC 8410, 3.
    static let ed25519: ASN1ObjectIdentifier = [1, 3, 101, 112]

    init(derEncoded node: ASN1Node) throws {
        (identifier, curve) = try DER.sequence(node, identifier: .sequence) { fields in
            guard let algorithm = fields.next() else { throw ASN1Error.invalidASN1Object(reason: "no algorithm") }
            _ = try ASN1BitString(derEncoded: &fields)
            return try DER.sequence(algorithm, identifier: .sequence) { parts in
                let identifier = try ASN1ObjectIdentifier(derEncoded: &parts)
                return (identifier, parts.next().flatMap { try? ASN1ObjectIdentifier(derEncoded: $0) })
            }
        }
    }
}

extension SubjectAlternativeNames {
    /// The names of hosts among them, in lower case.
    fileprivate var dnsNames: [String] {
        compactMap { name in
            if case .dnsName(let text) = name { text.lowercased() } else { nil }
        }
    }
}
