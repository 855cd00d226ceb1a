/// Finds a `FieldName` by the bytes of a field's name, in any case, with one probe of a small table.
///
/// Names are compared eight bytes at a time with bit 5 set. That is exact for token characters: only letters
/// change, and no other token character becomes a letter, a digit or `-`.
public struct FieldNameTable: Sendable {
    private struct Entry {
        var length: Int
        var words: (UInt64, UInt64, UInt64)
        var name: FieldName
    }

    private static let size = 256
    private static let longest = 24
    /// The one name that does not fit into an entry. It is compared by itself, which only names that are long cost anything.
    private static let longName = FieldName.strictTransportSecurity
    private static let lowerCaseBit: UInt64 = 0x2020_2020_2020_2020

    private let entries: ContiguousArray<Entry>

    /// Builds the table. Two names that meet in one slot are a mistake of the hash, found by the tests.
    public init() {
        let none = Entry(length: 0, words: (0, 0, 0), name: .other)
        var entries = ContiguousArray(repeating: none, count: Self.size)
        for name in FieldName.allCases where name != .other && name != Self.longName {
            let bytes = Array("\(name.text)".utf8)
            let key = Self.words(of: bytes.span, from: 0, count: bytes.count)
            let slot = Self.slot(key, count: bytes.count)
            precondition(entries[slot].length == 0, "two field names share a slot")
            entries[slot] = Entry(length: bytes.count, words: key, name: name)
        }
        self.entries = entries
    }

    /// The name whose bytes are `span[start..<start + count]`, which must be token characters.
    public func name(in span: Span<UInt8>, at start: Int, count: Int) -> FieldName {
        guard count >= 2, count <= Self.longest else {
            return Self.isLongName(span, at: start, count: count) ? Self.longName : .other
        }
        let key = Self.words(of: span, from: start, count: count)
        let entry = entries[Self.slot(key, count: count)]
        guard entry.length == count, entry.words == key else { return .other }
        return entry.name
    }

    @inline(never)
    private static func isLongName(_ span: Span<UInt8>, at start: Int, count: Int) -> Bool {
        let text = longName.text
        guard count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { text in
            for index in 0..<count where unsafe span[start + index] | 0x20 != text[index] { return false }
            return true
        }
    }

    @inline(__always)
    private static func slot(_ key: (UInt64, UInt64, UInt64), count: Int) -> Int {
        let mixed = (key.0 ^ (key.1 &* 0x9E37_79B9) ^ (key.2 &* 0xC2B2_AE3D)) &+ UInt64(truncatingIfNeeded: count)
        return Int(truncatingIfNeeded: (mixed &* 0xB222_1A58_008A_05A7) >> 56)
    }

    @inline(__always)
    private static func words(of span: Span<UInt8>, from start: Int, count: Int) -> (UInt64, UInt64, UInt64) {
        (
            word(of: span, from: start, count: min(count, 8)),
            count > 8 ? word(of: span, from: start + 8, count: min(count - 8, 8)) : 0,
            count > 16 ? word(of: span, from: start + 16, count: count - 16) : 0
        )
    }

    /// Up to eight bytes, the first lowest, in lower case; missing ones are zero.
    @inline(__always)
    private static func word(of span: Span<UInt8>, from start: Int, count: Int) -> UInt64 {
        if span.count - start >= 8 {
            let word = unsafe span.bytes.unsafeLoadUnaligned(fromByteOffset: start, as: UInt64.self)
            let unused = UInt64(64 - count * 8)
            return ((UInt64(littleEndian: word) | lowerCaseBit) << unused) >> unused
        }
        var word: UInt64 = 0
        for index in 0..<count { word |= UInt64(span[start + index] | 0x20) << UInt64(index * 8) }
        return word
    }
}
