import Testing

@testable import Throttling

/// Against the vectors of the reference (key 00…0f, input 00, 00 01, …), whose results are written little end first.
struct SipHashTests {
    private static let key: (UInt64, UInt64) = (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908)

    @Test(arguments: [
        (0, "a3817f04ba25a8e66df67214c7550293"), (1, "da87c1d86b99af44347659119b22fc45"),
        (2, "8177228da4a45dc7fca38bdef60affe4"),
    ])
    func `the strong form is the reference's`(length: Int, expected: String) {
        let input = (0..<UInt8(length)).map { $0 }
        let (first, second) = SipHash(key: Self.key, rounds: .strong).finish(input.span)
        #expect(hex(first) + hex(second) == expected)
    }

    @Test(arguments: [8, 16, 24, 33])
    func `words are as good as bytes`(length: Int) {
        let input = (0..<UInt8(length)).map { $0 &* 37 }
        var words = SipHash(key: Self.key)
        words.combine(input[..<8].reversed().reduce(0) { $0 << 8 | UInt64($1) })
        let rest = Array(input[8...])
        let whole = SipHash(key: Self.key).finish(input.span)
        let split = words.finish(rest.span, before: 8)
        #expect(whole == split)
    }

    private func hex(_ word: UInt64) -> String {
        (0..<8).map { index in
            let byte = String(UInt8(truncatingIfNeeded: word >> UInt64(8 * index)), radix: 16)
            return byte.count == 1 ? "0" + byte : byte
        }.joined()
    }
}
