/// What operators want to know of a server's certificate.
public struct CertificateStatus: Sendable, Hashable {
    /// The file that it was read from.
    public let file: String
    /// The first host that it is for; empty when it names none.
    public let name: String
    /// When it ends, in seconds since 1970.
    public let endsAt: Int
    /// The file that its private key was read from.
    public let keyFile: String
}
