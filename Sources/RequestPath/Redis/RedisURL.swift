import Model

/// What is wrong with a URL. It quotes nothing of the URL, which may hold a password.
public enum RedisURLFault: Error, Sendable, Hashable, CustomStringConvertible {
    case scheme
    case host
    case port
    case database
    case escape
    case superfluous

    /// What to write instead.
    public var description: String {
        switch self {
        case .scheme: "starts with neither redis:// nor rediss:// (TLS)"
        case .host: "has no host, or one that is none (an IPv6 address stands in brackets)"
        case .port: "has a port that is no number from 1 to 65535"
        case .database: "has a path that is not the number of a database"
        case .escape: "has a % that is not followed by two hexadecimal digits, or escapes that are not UTF-8"
        case .superfluous: "has a query or a fragment, which mean nothing here"
        }
    }
}

extension RedisConfiguration {
    /// Reads `redis://user:password@host:port/database`; `rediss://` asks for TLS.
    ///
    /// Port (6379), database (0), user and password may be left out; `redis://:password@host` has a password and no user. User and
    /// password are percent-decoded.
    public init(url: String) throws(RedisURLFault) {
        let isSecure: Bool
        var rest: Substring
        if url.hasPrefix("redis://") {
            isSecure = false
            rest = url.dropFirst("redis://".count)
        } else if url.hasPrefix("rediss://") {
            isSecure = true
            rest = url.dropFirst("rediss://".count)
        } else {
            throw .scheme
        }
        guard !rest.contains(where: { $0 == "?" || $0 == "#" }) else { throw .superfluous }
        var database = 0
        if let slash = rest.lastIndex(of: "/"), slash > rest.lastIndex(of: "@") ?? rest.startIndex {
            let path = rest[rest.index(after: slash)...]
            if !path.isEmpty {
                guard let number = Self.number(path, atMost: 1_000_000) else { throw .database }
                database = number
            }
            rest = rest[..<slash]
        }
        var user: String?
        var password: Secret?
        if let at = rest.lastIndex(of: "@") {
            (user, password) = try Self.credentials(rest[..<at])
            rest = rest[rest.index(after: at)...]
        }
        let (host, port) = try Self.authority(rest)
        self.init(host: host)
        self.port = port
        self.user = user
        self.password = password
        self.database = database
        self.tls = isSecure ? RedisTLS() : nil
    }

    private static func credentials(_ text: Substring) throws(RedisURLFault) -> (String?, Secret?) {
        guard let colon = text.firstIndex(of: ":") else { return (try decode(text), nil) }
        let user = try decode(text[..<colon])
        let password = try decode(text[text.index(after: colon)...])
        return (user.isEmpty ? nil : user, password.isEmpty ? nil : Secret(password))
    }

    private static func authority(_ text: Substring) throws(RedisURLFault) -> (host: String, port: Int) {
        var host = text
        var port: Substring?
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { throw .host }
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.first == ":" else { throw .host }
            if !rest.isEmpty { port = rest.dropFirst() }
            guard host.contains(":") else { throw .host }
        } else if let colon = text.lastIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
            guard !host.contains(":") else { throw .host }
        }
        let isHost = host.utf8.allSatisfy { byte in
            byte > 0x20 && byte < 0x7F && !"/\\@[]%<>\"`{}|^".utf8.contains(byte)
        }
        guard !host.isEmpty, isHost else { throw .host }
        guard let port else { return (String(host), 6379) }
        guard let number = number(port, atMost: 65_535), number > 0 else { throw .port }
        return (String(host), number)
    }

    private static func number(_ text: Substring, atMost most: Int) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 &- UInt8(ascii: "0") <= 9 }) else { return nil }
        guard let number = Int(text), number <= most else { return nil }
        return number
    }

    private static func decode(_ text: Substring) throws(RedisURLFault) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            guard digits.utf8.count == 2, digits.first != "+", let decoded = UInt8(digits, radix: 16) else {
                throw .escape
            }
            bytes.append(decoded)
            rest = rest.dropFirst(2)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else { throw .escape }
        return decoded
    }
}
