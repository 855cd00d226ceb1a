import Credentials
import Testing

@Suite struct HexadecimalTests {
    @Test(arguments: [("", []), ("00ff", [0, 255]), ("aBcD", [0xAB, 0xCD])] as [(String, [UInt8])])
    func `two digits are a byte`(text: String, bytes: [UInt8]) {
        #expect(Hexadecimal.decode(text) == bytes)
    }

    @Test(arguments: ["0", "000", "0g", "+1", "-1", " 1", "0\n", "é"])
    func `anything else is no byte`(text: String) {
        #expect(Hexadecimal.decode(text) == nil)
    }
}
