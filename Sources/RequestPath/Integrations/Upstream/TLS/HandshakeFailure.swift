import FoundationEssentials
import NIOSSL

/// Why a TLS handshake with a backend came to nothing, in words for the log.
struct HandshakeFailure: Error, Hashable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    /// Reads what the TLS implementation says, which names a line of its source where a reason is wanted.
    /// - Parameter certificate: what the other side has shown, if it came to that.
    init(_ error: any Error, certificate: NIOSSLCertificate?) {
        switch error {
        case NIOSSLError.handshakeFailed(.sslError(let stack)):
            let code = stack.first.map { Self.code(in: "\($0)") } ?? "handshake failed"
            description = code == "certificate verify failed" ? Self.distrust(of: certificate) : code
        case is NIOSSLExtraError: description = "the certificate is for another name"
        case let error: description = "\(error)"
        }
    }

    /// `…:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED at …` says `certificate verify failed`.
    private static func code(in text: String) -> String {
        guard let start = text.firstRange(of: "OPENSSL_internal:")?.upperBound else {
            return text.contains("EOF") ? "the connection was closed during the handshake" : text
        }
        return text[start...].prefix { $0 != " " }.lowercased().replacing("_", with: " ")
    }

    private static func distrust(of certificate: NIOSSLCertificate?) -> String {
        let now = Int(Date().timeIntervalSince1970)
        if let certificate, Int(certificate.notValidAfter) < now { return "the certificate has ended" }
        if let certificate, Int(certificate.notValidBefore) > now { return "the certificate is not valid yet" }
        return "no trusted authority has signed the certificate, or it is not one for servers"
    }
}
