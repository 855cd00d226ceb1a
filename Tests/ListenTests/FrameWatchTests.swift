import Testing

@testable import Listen

struct FrameWatchTests {
    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    private static func frame(_ type: UInt8, flags: UInt8 = 0, length: UInt8 = 0) -> [UInt8] {
        [0, 0, length, type, flags, 0, 0, 0, 1] + Array(repeating: 1, count: Int(length))
    }

    @Test(arguments: 1...20)
    func `frames are counted however they are cut`(size: Int) {
        let bytes =
            Self.preface + Self.frame(4) + Self.frame(1, flags: 4, length: 20) + Self.frame(3, length: 4)
            + Self.frame(6, length: 8) + Self.frame(0, length: 3) + Self.frame(3, length: 4) + Self.frame(2, length: 5)
        var watch = FrameWatch(at: 0)
        for start in stride(from: 0, to: bytes.count, by: size) {
            watch.pass(Array(bytes[start..<min(start + size, bytes.count)]).span)
        }
        #expect((watch.resets.count, watch.controlFrames.count) == (2, 3))
        #expect(!watch.isInBlock)
    }

    @Test func `a header block is open until its last frame has come`() {
        var watch = FrameWatch(at: 0)
        watch.pass((Self.preface + Self.frame(1, flags: 0, length: 5)).span)
        #expect(watch.isInBlock)
        let last = Self.frame(9, flags: 4, length: 5)
        watch.pass(Array(last.dropLast()).span)
        #expect(watch.isInBlock)
        watch.pass([1].span)
        #expect(!watch.isInBlock)
    }
}

struct BurstCountTests {
    @Test func `too much is what came within half a minute`() {
        var count = BurstCount(at: 0)
        for _ in 0..<3 { count.add() }
        let isThreeTooMuch = count.exceeds(3, at: 1_000_000_000)
        count.add()
        let isFourTooMuch = count.exceeds(3, at: 30_000_000_000)
        let isFourInLongerTooMuch = count.exceeds(3, at: 30_000_000_001)
        #expect([isThreeTooMuch, isFourTooMuch, isFourInLongerTooMuch] == [false, true, false])
        #expect(count.count == 0)
    }
}
