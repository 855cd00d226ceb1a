import Credentials
import Testing

@testable import Authorization

@Suite struct CallerPolicyTests {
    private func policy(_ text: String) throws -> CallerPolicy {
        try CallerPolicy(try JSONDocument(Array(text.utf8), limits: ExternalAnswer.limits).root)
    }

    @Test(
        arguments: [
            ("*", "", true), ("*", "a/b", true), ("a*", "a", true), ("a*b", "ab", true), ("a*b", "axxb", true),
            ("a*b", "axxbc", false), ("a?c", "abc", true), ("a?c", "ac", false), ("", "", true), ("", "a", false),
            ("a", "A", false), ("*a*b*", "xxaxxbxx", true), ("*a*b*", "xxbxxaxx", false), ("a**b", "ab", true),
            ("a/*/c", "a/b/b/c", true), ("?*", "", false), ("*?", "x", true), ("a", "ab", false), ("ab", "a", false),
        ]
    )
    func `patterns stand for texts`(pattern: String, text: String, expected: Bool) {
        #expect(CallerPolicy.matches(Array(pattern.utf8), Array(text.utf8).span) == expected)
    }

    @Test func `a pattern that goes back again and again takes no more than the product of both lengths`() {
        let pattern = Array(String(repeating: "*a", count: 400).utf8) + Array("b".utf8)
        let text = Array(String(repeating: "a", count: 4_000).utf8)
        let clock = ContinuousClock()
        var isMatch = true
        let time = clock.measure { isMatch = CallerPolicy.matches(pattern, text.span) }
        #expect(!isMatch)
        #expect(time < .seconds(5))
    }

    @Test func `an explicit deny decides, then an allow, and else nothing is allowed`() throws {
        let text = """
            {"Statement":[{"Effect":"Deny","Action":"execute-api:Invoke","Resource":"*/secret"},\
            {"Effect":"Allow","Action":["execute-api:Invoke"],"Resource":["a/*","b/*"]}]}
            """
        let policy = try policy(text)
        for (resource, expected) in [("a/x", true), ("b/x", true), ("c/x", false), ("a/secret", false)] {
            #expect(policy.permits(Array(resource.utf8).span) == expected)
        }
    }

    @Test(
        arguments: [
            "[]", "{}", "{\"Statement\":[]}", "{\"Statement\":\"x\"}", "{\"Statement\":[1]}",
            "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\"}}",
            "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":[]}}",
            "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":[1]}}",
            "{\"Statement\":{\"Effect\":\"ALLOW\",\"Action\":\"*\",\"Resource\":\"*\"}}",
            "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\",\"Condition\":{}}}",
        ]
    )
    func `what is no policy, or has conditions, is a fault`(text: String) {
        #expect(throws: PolicyFault.self) { try policy(text) }
    }

    @Test(arguments: [
        (0.0, "01/Jan/1970:00:00:00 +0000"), (951_782_400, "29/Feb/2000:00:00:00 +0000"),
        (1_583_348_638.39, "04/Mar/2020:19:03:58 +0000"), (4_107_542_399, "28/Feb/2100:23:59:59 +0000"),
    ])
    func `times are written as in logs`(seconds: Double, expected: String) {
        #expect(LogTime.text(seconds) == expected)
    }
}
