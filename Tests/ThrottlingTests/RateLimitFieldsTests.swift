import Exchange
import NIOCore
import Testing

@testable import Throttling

/// What clients are told.
struct RateLimitFieldsTests {
    @Test func `policies and standings are structured fields`() throws {
        let policies = [
            try LimitPolicy(name: "per-customer", rate: try Rate(requests: 100, per: 60, burst: 20)),
            try LimitPolicy(name: "a \"plan\" \\ 2", quota: 5_000, window: nil),
        ]
        var buffer = ByteBuffer()
        LimitPolicy.write(policies.span, to: &buffer)
        #expect(String(buffer: buffer) == #""per-customer";q=100;w=60, "a \"plan\" \\ 2";q=5000"#)
        buffer.clear()
        policies[0].write(Standing(remaining: 19, reset: 600_000_001, wait: 0), to: &buffer)
        #expect(String(buffer: buffer) == #""per-customer";r=19;t=1"#)
        buffer.clear()
        policies[1].writeStanding(remaining: 18_446_744_073, reset: -1, to: &buffer)
        #expect(String(buffer: buffer) == #""a \"plan\" \\ 2";r=18446744073;t=0"#)
    }

    @Test(arguments: ["", "tab\there", "대문", String(repeating: "x", count: 65)])
    func `a name that no field can carry is refused`(name: String) {
        #expect(throws: LimitNameFault(name: name)) { try LimitPolicy(name: name, quota: 1, window: 1) }
    }

    @Test(arguments: [(UInt64(0), 0), (1, 1), (1_000_000_000, 1), (1_000_000_001, 2)])
    func `seconds are never fewer than the time`(nanoseconds: UInt64, seconds: Int) {
        #expect(wholeSeconds(nanoseconds) == seconds)
    }

    @Test func `refusals tell a throttle from a quota, and when to come back`() throws {
        let policy = try LimitPolicy(name: "per-route", quota: 10, window: 1)
        let rate = policy.refusal(Standing(remaining: 0, reset: 900_000_000, wait: 100_000_000))
        #expect(rate.status == 429 && rate.cause == "throttle.rate" && rate.message == "Too Many Requests")
        #expect(
            rate.fields.map { "\($0.name): \($0.value)" } == [
                "Retry-After: 1", "RateLimit-Policy: \"per-route\";q=10;w=1", "RateLimit: \"per-route\";r=0;t=1",
            ]
        )
        let quota = policy.quotaRefusal(wait: 3_600)
        #expect(quota.status == 429 && quota.cause == "quota.exceeded" && quota.message == "Limit Exceeded")
        #expect(quota.fields.first?.value == "3600")
    }
}
