import Testing

@testable import Wire

struct ScanTests {
    /// Looking at many bytes at once must find what looking at each of them would.
    @Test(arguments: [1, 7, 8, 31, 32, 33, 40, 72])
    func `the end of a value is the first control, whatever stands around it`(count: Int) {
        var missed: [String] = []
        for place in 0..<count {
            for neighbour: UInt8 in [0x20, 0x61, 0x7E, 0x80, 0xFF] {
                var bytes = Array(repeating: neighbour, count: count)
                for byte in UInt8.min ... .max {
                    bytes[place] = byte
                    let isControl = byte < 0x20 && byte != 0x09 || byte == 0x7F
                    if Scan.endOfFieldValue(bytes.span, from: 0) != (isControl ? place : count) {
                        missed.append("\(byte) at \(place) among \(neighbour)")
                    }
                }
            }
        }
        #expect(missed == [])
    }
}
