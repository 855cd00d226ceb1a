import NIOSSL

/// Why a TLS handshake with a backend came to nothing, in words for the log.
struct HandshakeFailure: Error, Hashable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    /// Reads what the TLS implementation says, which names a line of its source where a reason is wanted.
    init(_ error: any Error) {
        switch error {
        case NIOSSLError.handshakeFailed(.sslError(let stack)):
            description = stack.first.map { Self.reason(in: "\($0)") } ?? "the handshake failed"
        case is NIOSSLExtraError: description = "the certificate is for another name"
        case let error: description = "\(error)"
        }
    }

    /// `…:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED at …` says `certificate verify failed`.
    private static func reason(in text: String) -> String {
        guard let start = text.firstRange(of: "OPENSSL_internal:")?.upperBound else {
            return text.contains("EOF") ? "the connection was closed during the handshake" : text
        }
        return text[start...].prefix { $0 != " " }.lowercased().replacing("_", with: " ")
    }
}
