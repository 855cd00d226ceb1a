import Model
import NIOSSL
import SwiftASN1
import X509

/// Certificates of PEM files, with faults that name the place where the file is named.
enum PEMCertificates {
    /// Every certificate of a file, in its order.
    static func read(_ content: NamedContent) throws(Fault) -> [Certificate] {
        guard let text = String(validating: content.bytes, as: UTF8.self) else { throw none(in: content) }
        do {
            return try PEMDocument.parseMultiple(pemString: text)
                .filter { $0.discriminator == Certificate.defaultPEMDiscriminator }
                .map { try Certificate(pemDocument: $0) }
        } catch {
            throw Fault("a certificate of the file can't be read (\(error))", at: content.source, text: content.name)
        }
    }

    /// The same certificates for the TLS implementation.
    static func native(_ certificates: [Certificate], of content: NamedContent) throws(Fault) -> [NIOSSLCertificate] {
        do {
            return try certificates.map { certificate in
                var serializer = DER.Serializer()
                try certificate.serialize(into: &serializer)
                return try NIOSSLCertificate(bytes: serializer.serializedBytes, format: .der)
            }
        } catch {
            throw Fault("a certificate of the file can't be used (\(error))", at: content.source, text: content.name)
        }
    }

    static func none(in content: NamedContent) -> Fault {
        Fault("no certificate in PEM", at: content.source, text: content.name)
    }
}
