/// Why a message signature is not taken.
public enum SignatureFailure: Error, Sendable, Hashable {
    /// The request has no `Signature-Input`, or none that the policy looks for.
    case absent
    /// `Signature-Input` or `Signature` do not follow RFC 9421 and RFC 8941, or are larger than we read.
    case malformed
    /// Several signatures could be meant.
    case ambiguous
    /// A parameter that must be there is not: `created`, `expires`, `keyid` or `nonce`.
    case missingParameter(String)
    /// A component that must be covered is not.
    case notCovered
    /// It covers what the request does not have, or has in a way that could be read in two ways: the identifier.
    case unusableComponent(String)
    /// It covers a component of a kind that we do not make: `sf`, `tr`, `req`, `@status`.
    case unsupportedComponent(String)
    /// `created` is in the future.
    case fromFuture
    /// `created` is longer ago than the policy allows.
    case tooOld
    /// `expires` is over.
    case expired
    /// `alg` is another than the key's.
    case algorithmRefused
    /// The signature is not by that key, or of another request.
    case wrongSignature
    /// `Content-Digest` is covered, but is malformed, or of no algorithm that we know.
    case unusableDigest

    /// The stable text of the log and the metrics.
    public var cause: StaticString {
        switch self {
        case .absent: "authorizer.no-signature"
        case .malformed: "authorizer.malformed-signature"
        case .ambiguous: "authorizer.several-signatures"
        case .missingParameter: "authorizer.signature-parameter-missing"
        case .notCovered: "authorizer.signature-covers-too-little"
        case .unusableComponent: "authorizer.signature-component-unusable"
        case .unsupportedComponent: "authorizer.signature-component-unsupported"
        case .fromFuture: "authorizer.signature-from-future"
        case .tooOld: "authorizer.signature-too-old"
        case .expired: "authorizer.expired-signature"
        case .algorithmRefused: "authorizer.refused-algorithm"
        case .wrongSignature: "authorizer.wrong-signature"
        case .unusableDigest: "authorizer.unusable-content-digest"
        }
    }
}
