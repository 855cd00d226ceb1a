import Testing

@testable import AWSWire

struct WireValueTests {
    @Test(
        arguments: [
            "null", "true", "1", "-9007199254740993", "0.5", "\"1\"", "[]", "{}", "[1,\"a\",{\"b\":[null]}]",
            "{\"a\":{\"b\":false},\"c\":\"\u{e9}/\"}",
        ]
    )
    func `a text of JSON comes back as it was`(text: String) throws {
        #expect(try WireValue(json: text.utf8).json == text)
    }

    @Test(arguments: ["", "{", "nul", "{\"a\":1} 2"])
    func `what is no JSON is refused`(text: String) {
        #expect(throws: (any Error).self) { try WireValue(json: text.utf8) }
    }

    @Test func `values are told as AWS tells them`() {
        #expect("\(WireValue.list(["a", 1]))" == "[a, 1]")
        #expect("\(WireValue.object(["b": true, "a": "x"]))" == "{a=x, b=true}")
    }
}
