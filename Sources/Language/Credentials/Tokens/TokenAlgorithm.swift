/// The algorithms of signed tokens (RFC 7518, 3.1; RFC 8037). `none` is not among them, so no token can name it.
public enum TokenAlgorithm: String, Sendable, Hashable, CaseIterable {
    case rs256 = "RS256"
    case rs384 = "RS384"
    case rs512 = "RS512"
    case ps256 = "PS256"
    case ps384 = "PS384"
    case ps512 = "PS512"
    case es256 = "ES256"
    case es384 = "ES384"
    case es512 = "ES512"
    case edDSA = "EdDSA"
    case hs256 = "HS256"
    case hs384 = "HS384"
    case hs512 = "HS512"

    /// The algorithm of a header's `alg`, whose case counts.
    init?(_ name: [UInt8]) {
        // A switch over packed bytes would save little beside a signature; the longest name has five.
        guard (5...5).contains(name.count) else { return nil }
        self.init(rawValue: String(decoding: name, as: UTF8.self))
    }

    var scheme: SignatureScheme {
        switch self {
        case .rs256: .rsaPKCS1(.sha256)
        case .rs384: .rsaPKCS1(.sha384)
        case .rs512: .rsaPKCS1(.sha512)
        case .ps256: .rsaPSS(.sha256)
        case .ps384: .rsaPSS(.sha384)
        case .ps512: .rsaPSS(.sha512)
        case .es256: .ecdsa(.sha256)
        case .es384: .ecdsa(.sha384)
        case .es512: .ecdsa(.sha512)
        case .edDSA: .ed25519
        case .hs256: .hmac(.sha256)
        case .hs384: .hmac(.sha384)
        case .hs512: .hmac(.sha512)
        }
    }
}

/// A set of algorithms: one bit each.
public struct TokenAlgorithms: Sendable, Hashable, ExpressibleByArrayLiteral {
    private var bits: UInt16 = 0

    /// Makes a set.
    public init(_ algorithms: some Sequence<TokenAlgorithm>) {
        for algorithm in algorithms { bits |= Self.bit(algorithm) }
    }

    /// Makes a set.
    public init(arrayLiteral elements: TokenAlgorithm...) { self.init(elements) }

    /// Whether an algorithm is in the set.
    public func contains(_ algorithm: TokenAlgorithm) -> Bool { bits & Self.bit(algorithm) != 0 }

    /// All that the keys allow.
    public static let all = TokenAlgorithms(TokenAlgorithm.allCases)
    /// What Amazon's HTTP APIs take.
    public static let rsa: TokenAlgorithms = [.rs256, .rs384, .rs512]

    private static func bit(_ algorithm: TokenAlgorithm) -> UInt16 {
        let position: UInt16 =
            switch algorithm {
            case .rs256: 0
            case .rs384: 1
            case .rs512: 2
            case .ps256: 3
            case .ps384: 4
            case .ps512: 5
            case .es256: 6
            case .es384: 7
            case .es512: 8
            case .edDSA: 9
            case .hs256: 10
            case .hs384: 11
            case .hs512: 12
            }
        return 1 << position
    }
}
