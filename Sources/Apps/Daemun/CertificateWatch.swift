import Foundation
import Listen
import Logging
import Model
import Observation

/// Tells operators of certificates that end soon, and of private keys that others can read.
struct CertificateWatch: Sendable {
    private let certificates: [(listener: String, status: CertificateStatus)]

    /// Operators have this long to replace a certificate; authorities of the ACME kind replace theirs well before.
    private static let warned = 14 * 86_400
    private static let pause = Duration.seconds(86_400)

    init(_ listeners: [ListenerPlan]) {
        certificates = listeners.flatMap { plan in
            Set(plan.certificates).sorted { $0.file < $1.file }.map { ("\(plan.listener.socket)", $0) }
        }
    }

    /// Says now, and then daily, what is to be said, until the task is cancelled.
    func run(_ logger: Logger) async {
        if certificates.isEmpty { return }
        for key in Set(certificates.map(\.status.keyFile)).sorted() where Self.isReadableByAll(key) {
            logger.warning("every user of this machine can read a private key", metadata: ["file": "\(key)"])
        }
        repeat {
            for status in Set(certificates.map(\.status)) { Self.report(status, at: Self.now, to: logger) }
            try? await Task.sleep(for: Self.pause)
        } while !Task.isCancelled
    }

    /// Says when a certificate ends, if that is soon or past.
    static func report(_ status: CertificateStatus, at now: Int, to logger: Logger) {
        let left = status.endsAt - now
        guard left < warned else { return }
        let metadata: Logger.Metadata = [
            "file": "\(status.file)",
            "name": "\(status.name)",
            "days": "\(left / 86_400)",
        ]
        if left <= 0 {
            logger.error("a certificate has ended, clients will not trust it", metadata: metadata)
        } else {
            logger.warning("a certificate ends soon", metadata: metadata)
        }
    }

    /// When each certificate ends.
    var family: MetricFamily {
        MetricFamily(
            name: "daemun_tls_cert_not_after_seconds",
            help: "When a listener's certificate ends, in seconds since 1970.",
            kind: .gauge,
            samples: certificates.map { listener, status in
                MetricSample(
                    [
                        MetricLabel("listener", listener), MetricLabel("file", status.file),
                        MetricLabel("name", status.name),
                    ],
                    value: .number(Double(status.endsAt))
                )
            }
        )
    }

    private static var now: Int { Int(Date().timeIntervalSince1970) }

    private static func isReadableByAll(_ path: String) -> Bool {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return ((attributes?[.posixPermissions] as? NSNumber)?.intValue ?? 0) & 0o004 != 0
    }
}
