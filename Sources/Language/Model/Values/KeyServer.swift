/// Who may be asked for keys.
public enum KeyServer {
    /// Whether keys may come from a URL: over TLS, or from this machine. Whoever could change them on the way could sign tokens.
    public static func mayBeAsked(_ url: String) -> Bool {
        if url.hasPrefix("https://"), url.utf8.count > 8 { return true }
        guard url.hasPrefix("http://") else { return false }
        let authority = url.dropFirst(7).prefix { !"/?#".contains($0) }
        let host = authority.hasPrefix("[") ? authority.prefix { $0 != "]" } + "]" : authority.prefix { $0 != ":" }
        return host == "localhost" || host == "[::1]" || host.hasPrefix("127.") && IPAddress(String(host)) != nil
    }
}
