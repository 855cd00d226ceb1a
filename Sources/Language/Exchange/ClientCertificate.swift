/// Who a client proved to be in its TLS handshake, as Amazon's `$context.identity.clientCert` says it.
///
/// Made once for a connection, when the certificate has been verified.
public final class ClientCertificate: Sendable {
    /// The certificate in PEM.
    public let pem: String
    /// Whom it names (RFC 4514): `CN=orders,O=Test`.
    public let subject: String
    /// Who signed it (RFC 4514).
    public let issuer: String
    /// The serial number, as hex bytes with colons.
    public let serialNumber: String
    /// The time from which it counts: `May 28 12:30:02 2019 GMT`.
    public let notBefore: String
    /// The time up to which it counts, in the same form.
    public let notAfter: String

    /// All that it can be known by: `sha256:…` (64 hexadecimal digits), `subject:…`, then its alternative names as
    /// `dns:…` (in lower case), `uri:…` and `email:…`.
    public let names: [String]

    /// Makes a certificate from its parts.
    public init(
        pem: String,
        subject: String,
        issuer: String,
        serialNumber: String,
        notBefore: String,
        notAfter: String,
        names: [String] = []
    ) {
        self.pem = pem
        self.subject = subject
        self.issuer = issuer
        self.serialNumber = serialNumber
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.names = names
    }
}
