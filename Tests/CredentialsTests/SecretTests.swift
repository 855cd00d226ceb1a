import Testing

@testable import Credentials

@Suite struct PasswordHashTests {
    // RFC 7914, 12, the third vector, in the text form: scrypt("pleaseletmein", "SodiumChloride", 2^14, 8, 1, 64).
    private static let published =
        "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LU"
        + "lwUkKpr55h6F3A1lHkDfzwF7RVdYhw"

    @Test func `the RFC's vector is matched`() throws {
        let hash = try PasswordHash(Self.published)
        #expect(hash.matches(Array("pleaseletmein".utf8)))
        #expect(!hash.matches(Array("pleaseletmeim".utf8)))
        #expect(hash.description == Self.published)
    }

    @Test func `a password is matched by its own hash only`() throws {
        let password = Array("påss:wörd".utf8)
        let hash = try #require(PasswordHash(of: password, cost: .least))
        let other = try #require(PasswordHash(of: password, cost: .least))
        #expect(hash.description != other.description)
        #expect(hash.description.hasPrefix("$scrypt$ln=10,r=8,p=1$"))
        let stored = try PasswordHash(hash.description)
        #expect(stored.matches(password))
        for wrong in [[], [0], Array("påss:wörD".utf8), password + [0], [UInt8](repeating: 65, count: 5000)] {
            #expect(!stored.matches(wrong))
        }
    }

    @Test(arguments: [(0, false), (1, true), (1024, true), (1025, false)])
    func `a password has a length`(count: Int, isTaken: Bool) {
        #expect((PasswordHash(of: [UInt8](repeating: 65, count: count), cost: .least) != nil) == isTaken)
    }

    @Test func `nobody's password is right`() {
        let password = Array("secret".utf8)
        #expect(!PasswordHash.check(password, against: nil, costOfUnknown: .least))
        #expect(PasswordHash.check(password, against: PasswordHash(of: password, cost: .least), costOfUnknown: .least))
    }

    @Test func `an unknown user takes as long as a known one`() throws {
        let password = Array("secret".utf8)
        let cost = try #require(ScryptCost(logRounds: 13, blockSize: 8, lanes: 1))
        let hash = try #require(PasswordHash(of: password, cost: cost))
        func fastest(_ hash: PasswordHash?) -> Duration {
            (0..<5).map { _ in
                ContinuousClock().measure { _ = PasswordHash.check([1], against: hash, costOfUnknown: cost) }
            }.min() ?? .zero
        }
        // A wide margin, for a busy machine; a user that is not hashed for would be a thousand times faster.
        #expect((0.3...3).contains(fastest(nil) / fastest(hash)))
    }

    @Test(arguments: [
        ("", PasswordHashFault.notInForm), ("scrypt", .notInForm), ("$scrypt$ln=14,r=8,p=1$AAAAAAAAAAA", .notInForm),
        ("$argon2id$v=19$m=1,t=1,p=1$AAAAAAAAAAA$AAAA", .unknownFunction), ("$2b$12$abc", .unknownFunction),
        ("$bcrypt$ln=14,r=8,p=1$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", .unknownFunction),
        ("$scrypt$ln=21,r=8,p=1$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", .unacceptableCost),
        ("$scrypt$ln=9,r=8,p=1$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", .unacceptableCost),
        ("$scrypt$ln=20,r=16,p=1$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", .unacceptableCost),
        ("$scrypt$ln=14,r=8,p=9$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", .unacceptableCost),
        ("$scrypt$r=8,ln=14,p=1$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", .notInForm),
        ("$scrypt$ln=014,r=8,p=1$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", .notInForm),
        ("$scrypt$ln=14,r=8,p=1$AAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", .notInForm),
        ("$scrypt$ln=14,r=8,p=1$AAAAAAAAAAAAAAAA$AAAA", .notInForm),
        ("$scrypt$ln=14,r=8,p=1$AAAAAAAAAAAAAAA=$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", .notInForm),
    ])
    func `a text that we cannot check is refused`(text: String, fault: PasswordHashFault) {
        #expect(throws: fault) { try PasswordHash(text) }
    }

    @Test(arguments: [(1, 1), (8, 1), (16, 1), (8, 4), (16, 4), (2, 3)])
    func `every cost that is taken can be paid`(blockSize: Int, lanes: Int) throws {
        let cost = try #require(ScryptCost(logRounds: 10, blockSize: blockSize, lanes: lanes))
        let hash = try #require(PasswordHash(of: [65], cost: cost))
        #expect(hash.matches([65]))
    }
}

@Suite struct KeyFingerprintTests {
    @Test func `a key has one fingerprint for each server key`() throws {
        let first = try #require(KeyFingerprinter(key: [UInt8](repeating: 1, count: 32)))
        let second = try #require(KeyFingerprinter(key: [UInt8](repeating: 2, count: 32)))
        let key = "dk_abc"
        #expect(first.fingerprint(of: key) == first.fingerprint(of: key))
        #expect(first.fingerprint(of: key) != second.fingerprint(of: key))
        #expect(first.fingerprint(of: key) != first.fingerprint(of: "dk_abd"))
        #expect(KeyFingerprinter(key: [UInt8](repeating: 1, count: 31)) == nil)
    }

    @Test func `the fingerprint is HMAC of the purpose and the key`() throws {
        // Made with Python's hmac: key of 32 times 01, message "daemun api key fingerprint 1\0dk_abc".
        let printer = try #require(KeyFingerprinter(key: [UInt8](repeating: 1, count: 32)))
        let text = "1442d8c59e0a3e518d373d18784cae0f41cd10ce4cc5e0fe46f1548e858660b2"
        #expect(printer.fingerprint(of: "dk_abc").description == text)
        #expect(KeyFingerprint(text) == printer.fingerprint(of: "dk_abc"))
    }

    @Test(arguments: ["", "00", String(repeating: "g", count: 64), String(repeating: "A", count: 64)])
    func `another text is no fingerprint`(text: String) {
        #expect(KeyFingerprint(text) == nil)
    }
}

@Suite struct GeneratedSecretTests {
    @Test func `a key is known by its form`() throws {
        var random = SplitMix(state: 1)
        var seen: Set<String> = []
        for _ in 0..<500 {
            let key = try #require(GeneratedSecret.apiKey(prefix: "dk_live", using: &random))
            #expect(key.utf8.count == 8 + 32 + 6)
            #expect(GeneratedSecret.isAPIKey(Array(key.utf8), prefix: "dk_live"))
            #expect(!GeneratedSecret.isAPIKey(Array(key.utf8), prefix: "dk_test"))
            #expect(seen.insert(key).inserted)
        }
    }

    @Test func `a key of which one character is another is none`() throws {
        let key = Array(try #require(GeneratedSecret.apiKey(prefix: "dk")).utf8)
        for place in key.indices {
            var changed = key
            changed[place] = key[place] == UInt8(ascii: "x") ? UInt8(ascii: "y") : UInt8(ascii: "x")
            #expect(!GeneratedSecret.isAPIKey(changed, prefix: "dk"))
        }
        #expect(!GeneratedSecret.isAPIKey(key.dropLast().map(\.self), prefix: "dk"))
        #expect(!GeneratedSecret.isAPIKey([UInt8](), prefix: "dk"))
    }

    @Test func `the checksum is CRC-32 in base 62`() {
        // Made with Python's zlib.crc32 of "dk_" and 32 zeros.
        let key = "dk_" + String(repeating: "0", count: 32) + "4G66jy"
        #expect(GeneratedSecret.isAPIKey(Array(key.utf8), prefix: "dk"))
    }

    @Test(arguments: ["", "DK", "a-b", "a b", "abcdefghijklmnopq", "é"])
    func `a prefix that is not plain is refused`(prefix: String) {
        #expect(GeneratedSecret.apiKey(prefix: prefix) == nil)
    }

    @Test func `passwords and secrets have their lengths`() {
        #expect(GeneratedSecret.password().utf8.count == 24)
        #expect(GeneratedSecret.password() != GeneratedSecret.password())
        #expect(GeneratedSecret.signingSecret().count == 32)
    }
}

@Suite struct SealingKeysTests {
    private let owner = SealingKeys.Owner(customer: "acme", credential: "hmac-1")
    private let old = (id: "k1", key: [UInt8](repeating: 1, count: 32))
    private let new = (id: "k2", key: [UInt8](repeating: 2, count: 32))

    @Test func `what was sealed opens for its owner`() throws {
        let keys = try SealingKeys(current: old)
        for secret in [[], [1], [UInt8](0...255)] {
            let sealed = try keys.seal(secret, for: owner)
            #expect(sealed.hasPrefix("gcm1.k1."))
            #expect(try keys.open(sealed, for: owner) == secret)
            #expect(try keys.seal(secret, for: owner) != sealed)
        }
    }

    @Test(arguments: [
        ("acme", "hmac-2"), ("acm", "ehmac-1"), ("acmeh", "mac-1"), ("", "acmehmac-1"), ("other", "hmac-1"),
    ])
    func `it opens for nobody else`(customer: String, credential: String) throws {
        let keys = try SealingKeys(current: old)
        let sealed = try keys.seal([1, 2, 3], for: owner)
        #expect(throws: SealingFault.doesNotOpen) {
            try keys.open(sealed, for: .init(customer: customer, credential: credential))
        }
    }

    @Test func `keys are changed without losing what the earlier ones sealed`() throws {
        let sealed = try SealingKeys(current: old).seal([1, 2, 3], for: owner)
        let keys = try SealingKeys(current: new, earlier: [old])
        #expect(try keys.open(sealed, for: owner) == [1, 2, 3])
        #expect(keys.isOutdated(sealed))
        #expect(!keys.isOutdated(try keys.seal([1], for: owner)))
        #expect(throws: SealingFault.unknownKey("k1")) { try SealingKeys(current: new).open(sealed, for: owner) }
        let renamed = sealed.replacing("gcm1.k1.", with: "gcm1.k2.")
        #expect(throws: SealingFault.doesNotOpen) { try keys.open(renamed, for: owner) }
    }

    @Test func `what was changed does not open`() throws {
        let keys = try SealingKeys(current: old)
        let sealed = Array(try keys.seal([1, 2, 3], for: owner).utf8)
        for place in sealed.indices {
            var changed = sealed
            changed[place] = sealed[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(throws: SealingFault.self) { try keys.open(String(decoding: changed, as: UTF8.self), for: owner) }
        }
    }

    @Test(arguments: ["", "gcm1", "gcm1.k1", "gcm2.k1.AAAA", "gcm1.k1.AAAA.A", "gcm1.k1.A", "gcm1.k1.AA=="])
    func `another text is refused`(text: String) throws {
        let keys = try SealingKeys(current: old)
        #expect(throws: SealingFault.notInForm) { try keys.open(text, for: owner) }
    }

    @Test func `keys are of one size and have different names`() {
        #expect(throws: SealingFault.wrongKeySize) { try SealingKeys(current: ("a", [1])) }
        #expect(throws: SealingFault.unusableKeyID) { try SealingKeys(current: ("a.b", new.key)) }
        #expect(throws: SealingFault.unusableKeyID) { try SealingKeys(current: ("", new.key)) }
        #expect(throws: SealingFault.duplicateKeyID) { try SealingKeys(current: old, earlier: [("k1", new.key)]) }
    }

    @Test func `a secret has a bound`() throws {
        let keys = try SealingKeys(current: old)
        let largest = [UInt8](repeating: 1, count: 4096)
        #expect(try keys.open(keys.seal(largest, for: owner), for: owner) == largest)
        #expect(throws: SealingFault.secretTooLong) { try keys.seal(largest + [1], for: owner) }
    }
}
