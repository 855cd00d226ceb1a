import Model
import Testing

@testable import Routing

@Suite struct HostTableTests {
    @Test(arguments: [
        ("api.test.com", "api.test.com"), ("API.Test.COM", "api.test.com"), ("api.test.com:8080", "api.test.com"),
        ("api.test.com.", "api.test.com"), ("api.test.com.:443", "api.test.com"), ("api.test.com:", "api.test.com"),
        ("x.test.com", "*.test.com"), ("x.y.test.com", "*.test.com"), ("x.deep.test.com", "*.deep.test.com"),
        ("deep.test.com", "*.test.com"), ("X.DEEP.test.com:1", "*.deep.test.com"), ("x.api.test.com", "*.test.com"),
        ("localhost", "localhost"), ("[::1]", "[::1]"), ("[::1]:8080", "[::1]"), ("10.0.0.1:80", "10.0.0.1"),
        ("a.localhost", ""), ("test.com", ""), (".test.com", ""), ("", ""), (":80", ""), (".", ""), ("com", ""),
        ("xtest.com", ""), ("[::2]", ""), ("[::1", ""), ("api.test.com.evil.org", ""), ("api.test.co", ""),
        ("..test.com", "*.test.com"), ("b.test.com", "b.test.com"), ("a.b.test.com", "*.b.test.com"),
    ])
    func `a host leads to its exact name, else the longest wildcard, else the default`(
        host: String,
        expected: String
    ) throws {
        let names = [
            "*.b.test.com", "api.test.com", "*.test.com", "*.deep.test.com", "localhost", "[::1]", "10.0.0.1",
            "b.test.com",
        ]
        var table = HostTable()
        var patterns = [HostTable.defaultGroup: ""]
        for name in names { patterns[try table.makeGroup(for: try HostPattern(name))] = name }
        #expect(patterns.count == names.count + 1)
        #expect(patterns[table.group(for: Array(host.utf8).span)] == expected)
    }

    @Test func `a name has one group`() throws {
        var table = HostTable()
        let first = try table.makeGroup(for: try HostPattern("a.test"))
        #expect(try table.makeGroup(for: try HostPattern("A.test")) == first)
        #expect(try table.makeGroup(for: try HostPattern("*.a.test")) != first)
    }

    @Test func `a host that is longer than any name leads to the default`() throws {
        var table = HostTable()
        _ = try table.makeGroup(for: try HostPattern("*.test"))
        let host = String(repeating: "a.", count: 4_000) + "test"
        #expect(table.group(for: Array(host.utf8).span) == HostTable.defaultGroup)
        #expect(throws: Fault.self) {
            try table.makeGroup(for: try HostPattern(String(repeating: "a", count: 254)))
        }
    }
}
