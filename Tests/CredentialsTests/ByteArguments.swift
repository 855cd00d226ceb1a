@testable import Credentials

// What takes a span, for arrays: a span is no argument that an expectation can take apart.

extension ContentDigest {
    func matches(_ content: [UInt8]) -> Bool { matches(content.span) }
}

extension KeyFingerprinter {
    func fingerprint(of apiKey: String) -> KeyFingerprint { fingerprint(of: Array(apiKey.utf8).span) }
}

extension GeneratedSecret {
    static func isAPIKey(_ text: [UInt8], prefix: String) -> Bool { isAPIKey(text.span, prefix: prefix) }
}

extension StructuredDictionary {
    func entry(_ key: String) -> Entry? { entry(Array(key.utf8).span) }
}
