import FoundationEssentials
import Model
import SwiftASN1
import X509

/// The certificates that one authority has withdrawn (a certificate revocation list, RFC 5280, 5).
struct RevocationList: Sendable {
    private let issuer: DistinguishedName
    private let revoked: Set<ArraySlice<UInt8>>
    /// When another list is due; `nil` when the list does not say.
    private let nextUpdate: Date?
    private let signedBytes: ArraySlice<UInt8>
    private let signature: ArraySlice<UInt8>
    private let algorithm: Certificate.SignatureAlgorithm
    /// The authority's key by which the signature was found valid when the list was read.
    private var verifiedKey: Certificate.PublicKey?

    /// Reads a file of lists, and checks the signatures of those that one of `authorities` issued.
    /// - Throws: a fault for a file without lists, and for a list that can't be read, relied on or trusted.
    static func read(_ content: NamedContent, authorities: [Certificate]) throws(Fault) -> [RevocationList] {
        do {
            let lists = try encoded(content.bytes).map { try RevocationList(derEncoded: $0).verified(by: authorities) }
            guard !lists.isEmpty else { throw Unreliable("no list of revoked certificates") }
            return lists
        } catch {
            let reason = (error as? Unreliable)?.reason ?? "\(error)"
            throw Fault("the file is no usable CRL (\(reason))", at: content.source, text: content.name)
        }
    }

    /// Why a certificate can't be relied on: it is on its issuer's list, or there is no such list for now.
    static func fault(of certificate: Certificate, issuer: Certificate, in lists: [RevocationList]) -> ClientFault? {
        let own = lists.filter { $0.issuer == certificate.issuer && $0.isSigned(by: issuer.publicKey) }
        if own.isEmpty { return .listMissing }
        if own.contains(where: { $0.revoked.contains(certificate.serialNumber.bytes) }) { return .revoked }
        let now = Date()
        return own.allSatisfy { ($0.nextUpdate ?? .distantFuture) < now } ? .listExpired : nil
    }

    private func isSigned(by key: Certificate.PublicKey) -> Bool {
        key == verifiedKey || key.isValidSignature(signature, for: signedBytes, signatureAlgorithm: algorithm)
    }

    /// An intermediate's list is checked when a client brings the intermediate's certificate.
    private func verified(by authorities: [Certificate]) throws(Unreliable) -> RevocationList {
        let issuers = authorities.filter { $0.subject == issuer }
        var list = self
        list.verifiedKey = issuers.map(\.publicKey).first { isSigned(by: $0) }
        if !issuers.isEmpty, list.verifiedKey == nil { throw Unreliable("its signature is not that of \(issuer)") }
        return list
    }

    /// The DER forms of the lists in a file, which is PEM or itself DER.
    private static func encoded(_ bytes: [UInt8]) throws -> [ArraySlice<UInt8>] {
        if let text = String(validating: bytes, as: UTF8.self), text.contains("-----BEGIN ") {
            return try PEMDocument.parseMultiple(pemString: text)
                .filter { $0.discriminator == "X509 CRL" }
                .map { $0.derBytes[...] }
        }
        return [bytes[...]]
    }
}

/// Why a list can't be relied on although it can be read.
private struct Unreliable: Error {
    let reason: String

    init(_ reason: String) { self.reason = reason }
}

// MARK: DER

extension RevocationList: DERParseable {
    /// `CertificateList`.
    init(derEncoded node: ASN1Node) throws {
        self = try DER.sequence(node, identifier: .sequence) { fields in
            guard let list = fields.next(), let algorithm = fields.next() else { throw Unreliable("it is cut off") }
            let signature = try ASN1BitString(derEncoded: &fields)
            return try RevocationList(
                list: list,
                algorithm: Self.algorithm(algorithm),
                signature: signature.bytes
            )
        }
    }

    /// `TBSCertList`.
    private init(list: ASN1Node, algorithm: Certificate.SignatureAlgorithm, signature: ArraySlice<UInt8>) throws {
        self.algorithm = algorithm
        self.signature = signature
        signedBytes = list.encodedBytes
        (issuer, nextUpdate, revoked) = try DER.sequence(list, identifier: .sequence) { fields in
            var next = fields.next()
            if next?.identifier == .integer { next = fields.next() }
            guard let inner = next, try Self.algorithm(inner) == algorithm else {
                throw Unreliable("it names two algorithms")
            }
            guard let name = fields.next() else { throw Unreliable("it names no issuer") }
            let issuer = try DistinguishedName(derEncoded: name)
            next = fields.next()
            guard let thisUpdate = next, try Self.time(thisUpdate) != nil else { throw Unreliable("it has no date") }
            next = fields.next()
            var nextUpdate: Date?
            if let node = next, let time = try Self.time(node) {
                nextUpdate = time
                next = fields.next()
            }
            var revoked: Set<ArraySlice<UInt8>> = []
            if let entries = next, entries.identifier == .sequence {
                revoked = try Self.serialNumbers(entries)
                next = fields.next()
            }
            if let extensions = next { try Self.check(extensions) }
            return (issuer, nextUpdate, revoked)
        }
    }

    private static func serialNumbers(_ entries: ASN1Node) throws -> Set<ArraySlice<UInt8>> {
        guard case .constructed(let nodes) = entries.content else { throw Unreliable("its entries are no list") }
        var numbers: Set<ArraySlice<UInt8>> = []
        for node in nodes {
            try DER.sequence(node, identifier: .sequence) { fields in
                numbers.insert(try ArraySlice<UInt8>(derEncoded: &fields))
                guard let date = fields.next(), try time(date) != nil else { throw Unreliable("an entry has no date") }
                if let extensions = fields.next() { try checkList(extensions) }
            }
        }
        return numbers
    }

    /// `crlExtensions`.
    private static func check(_ node: ASN1Node) throws {
        try DER.explicitlyTagged(node, tagNumber: 0, tagClass: .contextSpecific) { try checkList($0) }
    }

    /// A list of which something critical is not understood must not be relied on (RFC 5280, 5.2): one of changes since
    /// another list, or of some certificates alone.
    private static func checkList(_ node: ASN1Node) throws {
        for item in try DER.sequence(of: Certificate.Extension.self, identifier: .sequence, rootNode: node)
        where item.critical {
            throw Unreliable("its critical extension \(item.oid) is not known here")
        }
    }

    /// `Time`; `nil` for a node that is something else.
    private static func time(_ node: ASN1Node) throws -> Date? {
        switch node.identifier {
        case .utcTime:
            let time = try UTCTime(derEncoded: node)
            return date(time.year, time.month, time.day, time.hours, time.minutes, time.seconds)
        case .generalizedTime:
            let time = try GeneralizedTime(derEncoded: node)
            return date(time.year, time.month, time.day, time.hours, time.minutes, time.seconds)
        default: return nil
        }
    }

    private static func date(_ year: Int, _ month: Int, _ day: Int, _ hour: Int, _ minute: Int, _ second: Int) -> Date?
    {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let parts = DateComponents(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
        return calendar.date(from: parts)
    }

    private static func algorithm(_ node: ASN1Node) throws -> Certificate.SignatureAlgorithm {
        let identifier = try DER.sequence(node, identifier: .sequence) { fields in
            let identifier = try ASN1ObjectIdentifier(derEncoded: &fields)
            _ = fields.next()
            return identifier
        }
        guard let known = algorithms[identifier] else { throw Unreliable("signature algorithm \(identifier)") }
        return known
    }

    /// RFC 5758, 3.2; RFC 4055, 5; RFC 8410, 3.
    private static let algorithms: [ASN1ObjectIdentifier: Certificate.SignatureAlgorithm] = [
        [1, 2, 840, 10_045, 4, 3, 2]: .ecdsaWithSHA256,
        [1, 2, 840, 10_045, 4, 3, 3]: .ecdsaWithSHA384,
        [1, 2, 840, 10_045, 4, 3, 4]: .ecdsaWithSHA512,
        [1, 2, 840, 113_549, 1, 1, 11]: .sha256WithRSAEncryption,
        [1, 2, 840, 113_549, 1, 1, 12]: .sha384WithRSAEncryption,
        [1, 2, 840, 113_549, 1, 1, 13]: .sha512WithRSAEncryption,
        [1, 3, 101, 112]: .ed25519,
    ]
}
