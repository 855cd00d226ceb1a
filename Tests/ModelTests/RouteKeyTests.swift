import Testing

@testable import Model

@Suite struct RouteKeyTests {
    @Test(arguments: ["GET /orders/{id}", "ANY /legacy/{proxy+}", "$default", "POST /", "PUT /a/b/"])
    func `a route key is written as it was read`(text: String) throws {
        #expect(try RouteKey(text).description == text)
    }

    @Test(arguments: [
        "GET", "get /x", "GET x", "FETCH /x", "GET /a//b", "GET /{a}/{a}", "GET /{p+}/x", "GET /x{a}", "GET /../x",
        "GET /{}", "GET /a;b",
    ])
    func `a malformed route key is refused`(text: String) {
        #expect(throws: Fault.self) { try RouteKey(text) }
    }
}

@Suite struct AddressRangeTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.255.1.2", true), ("10.0.0.0/8", "11.0.0.1", false), ("127.0.0.1", "127.0.0.1", true),
        ("0.0.0.0/0", "8.8.8.8", true), ("::1", "::1", true), ("2001:db8::/33", "2001:db8:7fff::1", true),
        ("2001:db8::/33", "2001:db8:8000::1", false), ("::ffff:10.0.0.0/104", "::ffff:10.9.9.9", true),
        ("10.0.0.0/8", "::1", false),
    ])
    func `a block holds the addresses that share its prefix`(block: String, address: String, expected: Bool) throws {
        let bytes = try #require(IPAddress(address)).bytes
        #expect(try AddressRange(block).contains(bytes.span) == expected)
    }

    @Test(arguments: ["10.0.0", "10.0.0.0/33", "1:2", "::1::", "010.0.0.1", "1.2.3.4.5", "::12345", ""])
    func `a malformed block is refused`(text: String) {
        #expect(throws: Fault.self) { try AddressRange(text) }
    }
}
