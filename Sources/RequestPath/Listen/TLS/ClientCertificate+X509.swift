import Crypto
import Exchange
import FoundationEssentials
import SwiftASN1
import X509

extension ClientCertificate {
    /// Takes over what a verified certificate says.
    /// - Parameter der: its bytes.
    convenience init(_ certificate: Certificate, der: [UInt8]) {
        self.init(
            pem: (try? certificate.serializeAsPEM().pemString) ?? "",
            subject: "\(certificate.subject)",
            issuer: "\(certificate.issuer)",
            serialNumber: certificate.serialNumber.bytes.map { byte in
                let digits = String(byte, radix: 16)
                return byte < 16 ? "0" + digits : digits
            }.joined(separator: ":"),
            notBefore: Self.text(certificate.notValidBefore),
            notAfter: Self.text(certificate.notValidAfter),
            names: Self.names(of: certificate, der: der)
        )
    }

    /// Alternative names that are looked at: each request of the connection may have to go through them.
    private static let mostAlternativeNames = 64

    private static func names(of certificate: Certificate, der: [UInt8]) -> [String] {
        let digits = SHA256.hash(data: der).map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }
        var names = ["sha256:" + digits.joined(), "subject:\(certificate.subject)"]
        let alternatives = try? certificate.extensions.subjectAlternativeNames
        for name in (alternatives.map { Array($0) } ?? []).prefix(mostAlternativeNames) {
            switch name {
            case .dnsName(let host): names.append("dns:" + host.lowercased())
            case .uniformResourceIdentifier(let uri): names.append("uri:" + uri)
            case .rfc822Name(let address): names.append("email:" + address)
            default: break
            }
        }
        return names
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// `Aug  5 09:36:04 2021 GMT`.
    private static func text(_ date: Date) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
        let padded = { (value: Int?, fill: String) in
            let digits = String(value ?? 0)
            return digits.utf8.count < 2 ? fill + digits : digits
        }
        let time = [parts.hour, parts.minute, parts.second].map { padded($0, "0") }.joined(separator: ":")
        let month = months[((parts.month ?? 1) - 1) % months.count]
        return "\(month) \(padded(parts.day, " ")) \(time) \(parts.year ?? 0) GMT"
    }
}
