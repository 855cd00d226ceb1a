import Model
import Testing

@testable import Selection

@Suite struct HealthTallyTests {
    /// The verdict after each result; + is a success.
    private func verdicts(_ results: String, healthyAfter: Int, unhealthyAfter: Int) -> String {
        var tally = HealthTally(
            Backend.HealthCheck(path: "/", healthyAfter: healthyAfter, unhealthyAfter: unhealthyAfter)
        )
        return String(
            results.map { result -> Character in
                switch tally.record(success: result == "+") {
                case true?: "H"
                case false?: "U"
                case nil: "."
                }
            }
        )
    }

    @Test(arguments: [
        ("+", "H"), ("-", "U"), ("+++", "H.."),
        ("+--+---", "H.....U"), ("-+-++", "U...H"), ("-++---", "U.H..U"),
    ])
    func `a verdict changes after enough results in a row, and at once on the first`(results: String, expected: String)
    {
        #expect(verdicts(results, healthyAfter: 2, unhealthyAfter: 3) == expected)
    }

    @Test func `a tally that decides after one result follows each`() {
        #expect(verdicts("-+-+", healthyAfter: 1, unhealthyAfter: 1) == "UHUH")
    }

    @Test func `nothing is known before the first result`() {
        var tally = HealthTally(Backend.HealthCheck(path: "/"))
        #expect(tally.isHealthy == nil)
        _ = tally.record(success: true)
        #expect(tally.isHealthy == true)
    }
}
