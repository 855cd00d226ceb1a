/// Where a key set is found.
enum KeySource: Sendable, Hashable, CustomStringConvertible {
    /// The key set's own URL.
    case keySet(String)
    /// An issuer whose discovery document says where the key set is (OpenID Connect Discovery 1.0, 4).
    case issuer(String)

    /// The key set's or the issuer's URL.
    var description: String {
        switch self {
        case .keySet(let url), .issuer(let url): url
        }
    }
}

/// Why keys could not be fetched.
public enum KeyFetchFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// The URL is none of those that may be asked.
    case notAURL
    /// No connection, or none that is secure.
    case unreachable
    /// No answer in time.
    case timeout
    /// Another status than 200.
    case status(Int)
    /// More bytes than a key set may have.
    case tooLarge
    /// What came is no key set, or one without a key that can be used.
    case notAKeySet
    /// What came is no discovery document, or that of another issuer.
    case notADiscovery

    /// A sentence for the log.
    public var description: String {
        switch self {
        case .notAURL: "keys are fetched over https, or over http from this machine"
        case .unreachable: "the server cannot be reached, or is not trusted"
        case .timeout: "the server did not answer in time"
        case .status(let status): "the server answered \(status)"
        case .tooLarge: "the answer is too large"
        case .notAKeySet: "the answer is no key set with usable keys"
        case .notADiscovery: "the answer is no discovery document of this issuer"
        }
    }
}
