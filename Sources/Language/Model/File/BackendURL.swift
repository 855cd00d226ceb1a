/// The URL of a server, `http://host:port/path` (`ws` says the same, and `wss` is `https`): an origin and perhaps a path.
struct BackendURL: Hashable {
    var scheme: Backend.Target.Scheme
    /// A name in lower case, or a numeric address without brackets.
    var host: String
    /// 1…65535.
    var port: Int
    /// What follows the authority, with its slash; `nil` when nothing does.
    var path: String?

    /// The name of the backend that a route makes by naming the URL instead of a backend.
    var origin: String {
        let authority = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        return scheme == .http ? authority : "\(scheme.rawValue)://\(authority)"
    }

    /// Reads a URL.
    /// - Throws: a fault without location that says what is wrong.
    init(_ text: String) throws(Fault) {
        guard let separator = text.firstRange(of: "://") else {
            throw Fault("expected a URL, as http://127.0.0.1:9001", text: text, suggestion: "http://" + text)
        }
        let written = text[..<separator.lowerBound].lowercased()
        guard let scheme = Self.scheme(written) else {
            let known = Backend.Target.Scheme.allCases.map(\.rawValue)
            let suggestion = Spelling.closest(to: written, among: known)
            throw Fault(
                "a backend is reached over \(known.dropLast().joined(separator: ", ")) or \(known.last ?? "")",
                text: text,
                suggestion: suggestion.map { $0 + text[separator.lowerBound...] }
            )
        }
        self.scheme = scheme
        let rest = text[separator.upperBound...]
        let authority = rest.prefix { !"/?#".contains($0) }
        let path = rest.dropFirst(authority.count)
        guard !path.contains("?"), !path.contains("#") else {
            throw Fault("a backend's URL has no query and no fragment", text: text)
        }
        self.path = path.isEmpty ? nil : String(path)
        (host, port) = try Self.authority(authority, defaultPort: scheme.defaultPort, of: text)
    }

    /// WebSocket's schemes mean HTTP's, which its handshake is.
    private static func scheme(_ text: String) -> Backend.Target.Scheme? {
        switch text {
        case "ws": .http
        case "wss": .https
        default: Backend.Target.Scheme(rawValue: text)
        }
    }

    /// Reads `host`, `host:port` or `[address]:port`; the port may be missing.
    private static func authority(
        _ authority: Substring,
        defaultPort: Int,
        of text: String
    ) throws(Fault) -> (String, Int) {
        guard !authority.contains("@") else { throw Fault("a backend's URL has no user", text: text) }
        var name = authority
        var port: Substring?
        if authority.hasPrefix("["), let bracket = authority.firstIndex(of: "]") {
            name = authority[..<bracket].dropFirst()
            let after = authority[authority.index(after: bracket)...]
            guard after.isEmpty || after.hasPrefix(":"), name.contains(":") else {
                throw Fault("expected [address]:port", text: text)
            }
            port = after.isEmpty ? nil : after.dropFirst()
        } else if let colon = authority.lastIndex(of: ":") {
            name = authority[..<colon]
            port = authority[authority.index(after: colon)...]
        }
        guard isHost(String(name)) else { throw Fault("expected a host's name or numeric address", text: text) }
        guard let port else { return (name.lowercased(), defaultPort) }
        guard port.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(port), (1...65_535).contains(number)
        else { throw Fault("a port lies between 1 and 65535", text: text) }
        return (name.lowercased(), number)
    }

    /// Whether a text is a name (RFC 1123, with the underscores that container networks use) or a numeric address.
    static func isHost(_ name: String) -> Bool {
        if name.contains(":") { return IPAddress(name) != nil }
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        let areLabels = labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.utf8.allSatisfy { $0.isWordByte || $0 == 45 }
        }
        // A last label of digits makes it an IPv4 address (RFC 3986, 3.2.2), and then it has to be a valid one.
        let isNumeric = labels.last?.utf8.allSatisfy { (48...57).contains($0) } ?? false
        return areLabels && name.utf8.count <= 253 && (!isNumeric || IPAddress(name) != nil)
    }
}

extension BackendURL {
    /// Whether a text is what `Host` may hold: a host, perhaps with a port.
    static func isAuthority(_ text: String) -> Bool {
        !text.contains("/") && !text.contains("?") && !text.contains("#")
            && (try? authority(text[...], defaultPort: 80, of: text)) != nil
    }
}
