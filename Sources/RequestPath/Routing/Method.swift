/// A request's method as far as routing tells methods apart. Names are case-sensitive (RFC 9110, 9.1).
public enum Method: UInt8, Sendable, CaseIterable {
    case get, head, post, put, patch, delete, options
    /// Any method that a route key cannot name (TRACE, WebDAV's methods, …); only `$default` takes it.
    case other

    /// Recognises the method of a request line. Never fails: an unknown token is `.other`.
    public init(_ name: Span<UInt8>) {
        guard name.count <= 7 else {
            self = .other
            return
        }
        var word: UInt64 = 0
        for index in name.indices { word = word << 8 | UInt64(name[index]) }
        self =
            switch (name.count, word) {
            case (3, 0x47_4554): .get
            case (4, 0x4845_4144): .head
            case (4, 0x504F_5354): .post
            case (3, 0x50_5554): .put
            case (5, 0x50_4154_4348): .patch
            case (6, 0x4445_4C45_5445): .delete
            case (7, 0x4F_5054_494F_4E53): .options
            default: .other
            }
    }

    /// The name in a request line; empty for `.other`.
    public var name: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .patch: "PATCH"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .other: ""
        }
    }
}

/// A set of the methods that a route key can name.
public struct MethodSet: OptionSet, Sendable, Hashable {
    /// Bit *n* stands for the method whose raw value is *n*; bit 7 is always clear.
    public let rawValue: UInt8

    /// Makes a set from its bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue & 0x7F }

    /// The set of one method; empty for `.other`.
    public init(_ method: Method) { self.init(rawValue: 1 << method.rawValue) }

    /// The methods that `ANY` stands for: all that a route key can name.
    public static let any = MethodSet(rawValue: 0x7F)

    /// Whether the set has this method; never true of `.other`.
    public func contains(_ method: Method) -> Bool { !isDisjoint(with: MethodSet(method)) }
}

extension MethodSet: CustomStringConvertible {
    /// The value of an `Allow` field (RFC 9110, 10.2.1): `GET, HEAD, OPTIONS`.
    public var description: String {
        Method.allCases.filter(contains).map(\.name).joined(separator: ", ")
    }
}
