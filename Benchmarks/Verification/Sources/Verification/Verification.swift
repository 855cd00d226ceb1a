import Credentials
import Crypto
import CryptoExtras
import Foundation

/// Verifies an RS256 token as the gateway does, and its signature with the library alone, in turns. Prints microseconds of CPU for one
/// of each, the medians of the rounds, as JSON.
@main struct Verification {
    private static let rounds = 15
    private static let calls = 2_000

    static func main() throws {
        let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let now = Int64(Date().timeIntervalSince1970)
        let header = #"{"alg":"RS256","kid":"bench","typ":"JWT"}"#
        let times = #""iat":\#(now),"exp":\#(now + 3_600)"#
        let claims =
            #"{"iss":"https://id.example/","aud":"orders","sub":"customer-1234","scope":"read write",\#(times)}"#
        let signed = Base64.url.encode(Array(header.utf8)) + [UInt8(ascii: ".")] + Base64.url.encode(Array(claims.utf8))
        let signature = try key.signature(for: SHA256.hash(data: signed), padding: .insecurePKCS1v1_5)
        let token = signed + [UInt8(ascii: ".")] + Base64.url.encode(Array(signature.rawRepresentation))
        let material = try KeyMaterial(pem: key.publicKey.pemRepresentation)
        let keys = KeySet([try VerificationKey(id: "bench", material: material, algorithm: .rs256)])
        let rules = ClaimRules(issuers: ["https://id.example/"], audience: .oneOf(["orders"]))
        let verifier = TokenVerifier(keys: keys, rules: rules)

        var (own, library): ([Double], [Double]) = ([], [])
        for _ in 0..<rounds {
            own.append(try cost { _ = try verifier.verify(token.span, scopes: ["read"], now: now) })
            library.append(
                try cost {
                    let digest = SHA256.hash(data: signed)
                    guard key.publicKey.isValidSignature(signature, for: digest, padding: .insecurePKCS1v1_5) else {
                        throw CocoaError(.coderInvalidValue)
                    }
                }
            )
        }
        let ratios = zip(own, library).map { $0 / $1 }.sorted()
        let figures = [
            "own": median(own), "library": median(library),
            "ratio": median(ratios), "lowest": ratios[0], "highest": ratios[rounds - 1],
        ]
        print(String(decoding: try JSONEncoder().encode(figures), as: UTF8.self))
    }

    /// Microseconds of the process's CPU time that one of many calls takes.
    private static func cost(_ call: () throws -> Void) rethrows -> Double {
        let start = clock()
        for _ in 0..<calls { try call() }
        return Double(clock() - start) / Double(CLOCKS_PER_SEC) / Double(calls) * 1e6
    }

    private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}
