import Exchange
import Testing

@Suite struct FieldNameTableTests {
    let table = FieldNameTable()

    @Test(arguments: FieldName.allCases.filter { $0 != .other })
    func `a known name is found in any case and at any offset`(name: FieldName) {
        for text in ["\(name.text)", "\(name.text)".uppercased()] {
            for padding in [0, 1, 9] {
                let bytes = Array((text + String(repeating: ":", count: padding)).utf8)
                #expect(table.name(in: bytes.span, at: 0, count: text.utf8.count) == name)
            }
        }
    }

    @Test(arguments: [
        "x", "hos", "hosts", "content-lengtg", "x-forwarded-for-", "contentXlength", "a-very-long-name-of-a-field",
        "strict-transport-securitx", "upgrade-insecure-requests",
    ])
    func `another name is other`(text: String) {
        let bytes = Array(text.utf8)
        #expect(table.name(in: bytes.span, at: 0, count: bytes.count) == .other)
    }
}

@Suite struct RequestIDTests {
    @Test(arguments: [
        (0, "00000000000000000000000000000000"), (0x0123_4567_89AB_CDEF, "0123456789abcdef0123456789abcdef"),
    ])
    func `an id is written as 32 hex digits`(bits: UInt64, expected: String) {
        #expect(RequestID(high: bits, low: bits).description == expected)
    }
}
