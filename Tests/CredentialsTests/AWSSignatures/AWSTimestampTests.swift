import Testing

@testable import Credentials

struct AWSTimestampTests {
    @Test(
        arguments: [
            ("19700101T000000Z", 0), ("20000229T235959Z", 951_868_799), ("20240301T000000Z", 1_709_251_200),
            ("20991231T120000Z", 4_102_401_600),
        ]
    )
    func `a moment is read and written`(text: String, seconds: Int64) throws {
        #expect(try #require(AWSTimestamp(text)).seconds == seconds)
        #expect(AWSTimestamp(seconds: seconds).description == text)
    }

    @Test func `every day of two centuries comes back as it was`() throws {
        for day in Int64(0)..<73_000 {
            let moment = AWSTimestamp(seconds: day * 86_400 + 4_271)
            #expect(AWSTimestamp(moment.description)?.seconds == moment.seconds)
        }
    }

    @Test(
        arguments: [
            "", "20260101T000000", "20260101t000000Z", "20261301T000000Z", "20260100T000000Z", "20260101T240000Z",
            "20260101T006000Z", "2026-01-01T00:00:00Z", "20260101T00000aZ",
        ]
    )
    func `any other text is none`(text: String) {
        #expect(AWSTimestamp(text) == nil)
    }
}
