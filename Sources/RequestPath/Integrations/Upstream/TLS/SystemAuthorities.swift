import FoundationEssentials

/// Where the system keeps the certificates of the authorities that it trusts.
enum SystemAuthorities {
    /// One file with all of them, by distribution.
    private static let files = [
        "/etc/ssl/certs/ca-certificates.crt",  // Debian, Ubuntu, Arch, Alpine
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // Fedora, RHEL, Amazon Linux 2023
        "/etc/pki/tls/certs/ca-bundle.crt",  // Amazon Linux 2, older RHEL
        "/var/lib/ca-certificates/ca-bundle.pem",  // openSUSE
        "/etc/ssl/cert.pem",  // Alpine without ca-certificates, macOS
    ]

    /// The first of the known files that there is; `nil` on a system without any, such as a container of nothing but a binary.
    static func file() -> String? { files.first { FileManager.default.isReadableFile(atPath: $0) } }
}
