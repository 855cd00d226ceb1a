import NIOSSL

/// Why a handshake failed, in a word or two for metrics.
enum HandshakeFault {
    /// The last of the TLS implementation's reasons, in lower case: `no-shared-cipher`, `unsupported-protocol`.
    static func reason(_ error: any Error) -> String {
        guard let error = error as? NIOSSLError, case .handshakeFailed(.sslError(let stack)) = error,
            let last = stack.last
        else { return "other" }
        if last == .eofDuringHandshake { return "client-closed" }
        // "… error:1000007d:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED at …:297"
        let text = last.description
        guard let start = text.firstRange(of: "OPENSSL_internal:")?.upperBound else { return "other" }
        return text[start...].prefix { $0 != " " }.lowercased().replacing("_", with: "-")
    }
}
