/// The keys of one issuer.
public struct KeySet: Sendable {
    /// A member of the document that verifies nothing.
    public struct Skipped: Sendable, Hashable {
        /// Its place in the document's `keys`, from 0.
        public var index: Int
        /// Its id, where it has one.
        public var id: String?
        /// Why it was skipped.
        public var fault: KeyFault
    }

    /// The keys that can be used, in the document's order.
    public let keys: [VerificationKey]
    /// What the document holds beside them.
    public let skipped: [Skipped]

    /// The most keys that a document may hold.
    public static let mostKeys = 128

    /// Makes a set of keys; of two with one id the first stays.
    public init(_ keys: [VerificationKey]) {
        var usable: [VerificationKey] = []
        var skipped: [Skipped] = []
        for (index, key) in keys.enumerated() {
            if let id = key.id, usable.contains(where: { $0.idBytes == key.idBytes }) {
                skipped.append(Skipped(index: index, id: id, fault: .duplicateID))
            } else {
                usable.append(key)
            }
        }
        self.keys = usable
        self.skipped = skipped
    }

    /// Reads a JWK Set (RFC 7517, 5). A key that cannot be used does not spoil the others; a document that is no key
    /// set, or too large for one, does.
    public init(document: [UInt8]) throws(KeySetFault) {
        let json: JSONDocument
        do {
            json = try JSONDocument(document, limits: .keySet)
        } catch {
            throw .notJSON(error)
        }
        guard let members = json.root["keys"]?.elements else { throw .noKeys }
        guard members.count <= Self.mostKeys else { throw .tooManyKeys }
        var usable: [VerificationKey] = []
        var skipped: [Skipped] = []
        for (index, member) in members.enumerated() {
            do throws(KeyFault) {
                let key = try VerificationKey(jwk: member)
                if key.id != nil, usable.contains(where: { $0.idBytes == key.idBytes }) { throw .duplicateID }
                usable.append(key)
            } catch {
                let id = member["kid"]?.text.map { String($0.prefix(VerificationKey.mostIDBytes)) }
                skipped.append(Skipped(index: index, id: id, fault: error))
            }
        }
        keys = usable
        self.skipped = skipped
    }

    /// The key that a token names; without a name, the only one that its algorithm could mean.
    func key(id: [UInt8]?, algorithm: TokenAlgorithm) -> VerificationKey? {
        if let id { return keys.first { $0.idBytes == id } }
        let possible = keys.filter { $0.allows(algorithm) }
        return possible.count == 1 ? possible.first : nil
    }
}

/// Why a document is no key set.
public enum KeySetFault: Error, Sendable, Hashable {
    /// It is no JSON, or more than we read.
    case notJSON(JSONFault)
    /// It has no array `keys`.
    case noKeys
    /// It has more than `KeySet.mostKeys`.
    case tooManyKeys
}
