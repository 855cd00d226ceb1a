import NIOCore
import Testing

@testable import Observation

@Suite struct WallClockTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z", "01/Jan/1970:00:00:00 +0000"),
        (951_782_399_999, "2000-02-28T23:59:59.999Z", "28/Feb/2000:23:59:59 +0000"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z", "29/Feb/2000:00:00:00 +0000"),
        (951_868_800_001, "2000-03-01T00:00:00.001Z", "01/Mar/2000:00:00:00 +0000"),
        (1_735_689_599_010, "2024-12-31T23:59:59.010Z", "31/Dec/2024:23:59:59 +0000"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z", "01/Mar/2100:00:00:00 +0000"),
    ])
    func `a time has its date`(milliseconds: UInt64, iso: String, common: String) {
        var clock = WallClock { 0 }
        var buffer = ByteBuffer()
        unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 100) { memory in
            var line = unsafe LineWriter(memory)
            clock.writeISO8601(milliseconds * 1_000_000, to: &line)
            clock.writeCommonLogTime(milliseconds * 1_000_000, to: &line)
            return line.count
        }
        #expect(String(buffer: buffer) == iso + common)
    }

    @Test func `every day follows the one before`() {
        var last = CivilDate(daysSince1970: -1)
        for days in 0..<150_000 {
            let date = CivilDate(daysSince1970: days)
            if date.day == 1 {
                #expect(date.month == last.month % 12 + 1 && date.year == last.year + (date.month == 1 ? 1 : 0))
                #expect((28...31).contains(last.day))
            } else {
                #expect(date.day == last.day + 1 && date.month == last.month && date.year == last.year)
            }
            last = date
        }
        #expect(last.year == 2380)
    }

    @Test func `the system's clock is followed when it is set`() {
        var offset: UInt64 = 100
        var clock = WallClock { offset }
        #expect(clock.wallNanoseconds(at: 2_000_000_000) == 2_000_000_100)
        offset = 500
        #expect(clock.wallNanoseconds(at: 2_500_000_000) == 2_500_000_100)
        #expect(clock.wallNanoseconds(at: 3_500_000_000) == 3_500_000_500)
    }
}
