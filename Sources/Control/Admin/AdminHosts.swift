import NIOCore

/// The values of `Host` for which the admin listener answers.
///
/// A page in the operator's browser can point a name of its own at 127.0.0.1 and then read what it likes (DNS rebinding).
/// It can't choose what `Host` says, though: that is its own name. So only `localhost` and addresses are taken: those of
/// the loopback, and the one that the connection came to.
struct AdminHosts: Sendable {
    /// Without the prefix of an IPv4 address on a socket for both versions.
    private let address: String?

    /// - Parameter address: the connection's own end.
    init(of address: SocketAddress) {
        self.address = address.ipAddress.map { $0.hasPrefix("::ffff:") ? String($0.dropFirst(7)) : $0 }
    }

    /// Whether `authority`, a host with or without port, is one of them.
    func contains(_ authority: String) -> Bool {
        guard let host = Self.host(of: authority) else { return false }
        if host.lowercased() == "localhost" { return true }
        guard let named = try? SocketAddress(ipAddress: host, port: 0).ipAddress else { return false }
        return named.hasPrefix("127.") || named == "::1" || named == address
    }

    /// Without port and brackets; `nil` when it is not written as RFC 3986, 3.2 has it.
    private static func host(of authority: String) -> String? {
        let host: Substring
        let port: Substring
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = authority[..<end].dropFirst()
            port = authority[end...].dropFirst()
        } else {
            host = authority.prefix { $0 != ":" }
            port = authority[host.endIndex...]
        }
        let isPort = port.first == ":" && port.utf8.dropFirst().allSatisfy { (0x30...0x39).contains($0) }
        return port.isEmpty || isPort ? String(host) : nil
    }
}
