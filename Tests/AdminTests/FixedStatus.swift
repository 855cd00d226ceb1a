import Model

@testable import Admin

/// A gateway that always says the same.
struct FixedStatus: GatewayStatus {
    var reasons: [String] = []
    var refusal: SnapshotReport.Refusal?

    func readiness() async -> [String] { reasons }

    func metrics() async -> String { "up 1\n" }

    func snapshot() async -> SnapshotReport {
        SnapshotReport(
            of: Model(listeners: []),
            revision: 3,
            loadedAt: "2026-01-02T03:04:05.678Z",
            compileTime: .microseconds(1_500),
            lastRefusal: refusal
        )
    }
}
