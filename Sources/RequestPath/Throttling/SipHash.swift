/// SipHash with a 128-bit result (Aumasson and Bernstein, 2012; the 128-bit form of their reference), fed with words and bytes.
///
/// Keyed, so that nobody outside can make keys that meet in one bucket. `Rounds` picks the strength: 1 and 3 against floods of
/// collisions, 2 and 4 as a pseudo-random function.
struct SipHash {
    struct Rounds {
        var perWord: Int
        var atEnd: Int

        static let fast = Rounds(perWord: 1, atEnd: 3)
        static let strong = Rounds(perWord: 2, atEnd: 4)
    }

    private var v0: UInt64
    private var v1: UInt64
    private var v2: UInt64
    private var v3: UInt64
    private let rounds: Rounds

    @inline(__always)
    init(key: (UInt64, UInt64), rounds: Rounds = .fast) {
        v0 = key.0 ^ 0x736f_6d65_7073_6575
        v1 = key.1 ^ 0x646f_7261_6e64_6f6d ^ 0xee
        v2 = key.0 ^ 0x6c79_6765_6e65_7261
        v3 = key.1 ^ 0x7465_6462_7974_6573
        self.rounds = rounds
    }

    /// Takes in eight bytes.
    @inline(__always)
    mutating func combine(_ word: UInt64) {
        v3 ^= word
        for _ in 0..<rounds.perWord { round() }
        v0 ^= word
    }

    /// Takes in the bytes and ends.
    /// - Parameter before: how many bytes were taken in as words.
    @inline(__always)
    consuming func finish(_ bytes: Span<UInt8>, before: Int = 0) -> (UInt64, UInt64) {
        var index = 0
        while index &+ 8 <= bytes.count {
            // Eight bytes are there, as the condition says.
            let word = unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
            combine(UInt64(littleEndian: word))
            index &+= 8
        }
        let length = UInt64(truncatingIfNeeded: bytes.count &+ before) << 56
        combine(length | Self.word(bytes, index, bytes.count &- index))
        v2 ^= 0xee
        for _ in 0..<rounds.atEnd { round() }
        let first = v0 ^ v1 ^ v2 ^ v3
        v1 ^= 0xdd
        for _ in 0..<rounds.atEnd { round() }
        return (first, v0 ^ v1 ^ v2 ^ v3)
    }

    /// Fewer than eight bytes, little end first.
    @inline(__always)
    private static func word(_ bytes: Span<UInt8>, _ start: Int, _ count: Int) -> UInt64 {
        var word: UInt64 = 0
        for offset in 0..<count { word |= UInt64(bytes[start &+ offset]) << UInt64(offset &* 8) }
        return word
    }

    @inline(__always)
    private mutating func round() {
        v0 &+= v1
        v1 = (v1 << 13 | v1 >> 51) ^ v0
        v0 = v0 << 32 | v0 >> 32
        v2 &+= v3
        v3 = (v3 << 16 | v3 >> 48) ^ v2
        v0 &+= v3
        v3 = (v3 << 21 | v3 >> 43) ^ v0
        v2 &+= v1
        v1 = (v1 << 17 | v1 >> 47) ^ v2
        v2 = v2 << 32 | v2 >> 32
    }
}
