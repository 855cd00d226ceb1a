/// Why a request's signature is not taken, in the words of the service that clients know.
public enum AWSSignatureFailure: Error, Sendable, Hashable {
    /// There is no signature at all.
    case absent
    /// Parts of it are not there: their names.
    case incomplete([String])
    /// It is of another kind than `AWS4-HMAC-SHA256`.
    case unsupportedAlgorithm(String)
    /// The credential is not of the form `KEY/DAY/REGION/SERVICE/aws4_request`.
    case malformedCredential(String)
    /// The credential is for another service than the one that is asked for.
    case wrongService(expected: String)
    /// The credential is for another day than the request.
    case wrongDay(credential: String, request: String)
    /// The request does not say when it was signed, or not as a moment.
    case unusableDate
    /// `host`, or a field that begins with `x-amz-`, is not signed.
    case notSigned(String)
    /// It was signed too long ago.
    case expired(signed: AWSTimestamp, earliest: AWSTimestamp, now: AWSTimestamp)
    /// It was signed in the future.
    case notYetCurrent(signed: AWSTimestamp, latest: AWSTimestamp, now: AWSTimestamp)
    /// Nobody has that access key.
    case unknownKey
    /// The signature is by another secret, or of another request.
    case wrongSignature
    /// The body is another one than `x-amz-content-sha256` says.
    case wrongBody

    /// The error's name on the wire.
    public var code: String {
        switch self {
        case .absent: "MissingAuthenticationTokenException"
        case .incomplete, .unsupportedAlgorithm, .malformedCredential, .unusableDate: "IncompleteSignatureException"
        case .unknownKey: "UnrecognizedClientException"
        case .wrongService, .wrongDay, .notSigned, .expired, .notYetCurrent, .wrongSignature, .wrongBody:
            "InvalidSignatureException"
        }
    }

    /// What the client is told. Says nothing of the secret.
    public var message: String {
        switch self {
        case .absent: "Missing Authentication Token"
        case .incomplete(let names):
            names.map { "Authorization header requires '\($0)' parameter." }.joined(separator: " ")
        case .unsupportedAlgorithm(let name): "Unsupported AWS 'algorithm': '\(name)'."
        case .malformedCredential(let text):
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '\(text)'"
        case .wrongService(let expected): "Credential should be scoped to correct service: '\(expected)'."
        case .wrongDay(let credential, let request):
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                + "'\(credential)' != '\(request)'."
        case .unusableDate: "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        case .notSigned(let name): "'\(name)' must be a 'SignedHeader' in the AWS Authorization."
        case .expired(let signed, let earliest, let now):
            "Signature expired: \(signed) is now earlier than \(earliest) (\(now) - 5 min.)"
        case .notYetCurrent(let signed, let latest, let now):
            "Signature not yet current: \(signed) is still later than \(latest) (\(now) + 5 min.)"
        case .unknownKey: "The security token included in the request is invalid."
        case .wrongSignature, .wrongBody:
            "The request signature we calculated does not match the signature you provided. "
                + "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
        }
    }
}
