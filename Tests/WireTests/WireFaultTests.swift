import Testing
import Wire

@Suite struct WireFaultTests {
    private static let others: [WireFault: Int] = [
        .requestLineTooLong: 414,
        .headTooLarge: 431,
        .tooManyFields: 431,
        .trailersTooLarge: 431,
        .unsupportedVersion: 505,
        .connectMethod: 501,
        .unsupportedTransferCoding: 501,
        .unknownExpectation: 417,
        .bodyTooLarge: 413,
    ]

    @Test(arguments: WireFault.allCases)
    func `each fault has its status`(fault: WireFault) { #expect(fault.status == Self.others[fault] ?? 400) }

    @Test func `each fault has a name and an explanation of its own`() {
        #expect(Set(WireFault.allCases.map(\.rawValue)).count == WireFault.allCases.count)
        #expect(Set(WireFault.allCases.map(\.explanation)).count == WireFault.allCases.count)
    }
}
