/// What must hold for every input of the parsers that read what callers and issuers send. The raw value is the name of the fuzz
/// target, and of its folders of inputs.
public enum CredentialsProperty: String, CaseIterable, Sendable {
    /// `Base64`, all three forms.
    case base64 = "FuzzBase64"
    /// `BasicCredentials`, both forms.
    case basic = "FuzzBasic"
    /// `JSONDocument`.
    case json = "FuzzJSON"
    /// `StructuredDictionary` and `ContentDigest`.
    case structuredField = "FuzzStructuredField"
    /// `MessageSignature` and `SignatureBase`.
    case signature = "FuzzSignature"
    /// `AWSSignature`.
    case awsSignature = "FuzzAWSSignature"
    /// `CompactToken`, `TokenVerifier` and `ClaimRules`.
    case token = "FuzzToken"
    /// `KeySet` of JWK documents, and keys in PEM.
    case keys = "FuzzKeys"

    /// Holds the parser to the property for one input.
    public func check(_ input: [UInt8]) throws(Violation) {
        switch self {
        case .base64: try Base64Property.check(input)
        case .basic: try BasicProperty.check(input)
        case .json: try JSONProperty.check(input)
        case .structuredField: try StructuredFieldProperty.check(input)
        case .signature: try SignatureProperty.check(input)
        case .awsSignature: try AWSSignatureProperty.check(input)
        case .token: try TokenProperty.check(input)
        case .keys: try KeysProperty.check(input)
        }
    }
}

/// A property that does not hold for an input: a bug in the parser, or in what the property believes.
public struct Violation: Error, CustomStringConvertible {
    /// What was expected and what came instead.
    public let description: String
}

/// Throws a violation unless `condition` holds.
func hold(_ condition: Bool, _ claim: @autoclosure () -> String) throws(Violation) {
    if !condition { throw Violation(description: claim()) }
}

extension [UInt8] {
    /// The bytes as a literal, for a violation.
    var quoted: String { String(decoding: self, as: UTF8.self).debugDescription }
}
