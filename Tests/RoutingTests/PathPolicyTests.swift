import Testing

@testable import Routing

@Suite struct PathPolicyTests {
    @Test(arguments: [
        "/", "/a", "/a/", "/orders/7", "/a.b/c..d/...", "/.well-known/x", "/~u/-_.!$&'()*+,=:@", "/[a]/b|c^d",
        "/a%20b", "/%E2%82%AC", "/a%3Bb", "/a%252e%252e/b", "/a%25", "/%C0%AE%C0%AE/", "/..a", "/a..", "/.a/..b",
    ])
    func `a canonical path stays as it is`(path: String) throws {
        let normalized = try PathPolicy.normalize(Array(path.utf8).span)
        #expect(normalized == NormalizedPath(rewritten: nil, hasEncodedSlash: false))
    }

    @Test(arguments: [
        ("//", "/"), ("/a//b", "/a/b"), ("///a///b//", "/a/b/"), ("/%61%7E%2D", "/a~-"), ("/a%2eb", "/a.b"),
        ("/%c3%a9", "/%C3%A9"), ("/a%3bb", "/a%3Bb"), ("/%2e%2e%2e", "/..."), ("/a//%20", "/a/%20"), ("/%41%zz", nil),
        ("/%2e%2ea", "/..a"), ("/a%3aB", "/a%3AB"),
    ])
    func `another spelling of the same path becomes canonical`(path: String, expected: String?) throws {
        let normalized = try? PathPolicy.normalize(Array(path.utf8).span)
        #expect(normalized?.rewritten.map { String(decoding: $0, as: UTF8.self) } == expected)
    }

    @Test(arguments: [
        ("", PathFault.notAbsolute), ("a", .notAbsolute), ("*", .notAbsolute), ("%2Fa", .notAbsolute),
        ("http://x/", .notAbsolute),
        ("/a b", .invalidByte), ("/a\tb", .invalidByte), ("/a\nb", .invalidByte), ("/\0", .invalidByte),
        ("/a\"", .invalidByte), ("/a#b", .invalidByte), ("/a?b", .invalidByte), ("/<", .invalidByte),
        ("/>", .invalidByte), ("/a\\b", .invalidByte), ("/..\\x", .invalidByte), ("/`", .invalidByte),
        ("/{id}", .invalidByte), ("/\u{7F}", .invalidByte), ("/é", .invalidByte), ("/．．/", .invalidByte),
        ("/%", .badEscape), ("/%4", .badEscape), ("/%4g", .badEscape), ("/%u002e", .badEscape), ("/%%2e", .badEscape),
        ("/a%2", .badEscape), ("/%2/x", .badEscape),
        ("/%00", .nul), ("/a%00.png", .nul),
        ("/.", .dotSegment), ("/..", .dotSegment), ("/./", .dotSegment), ("/../", .dotSegment), ("/a/..", .dotSegment),
        ("/a/../b", .dotSegment), ("/a/./b", .dotSegment), ("/a//../b", .dotSegment), ("/%2e", .dotSegment),
        ("/%2E%2e/", .dotSegment), ("/.%2e/x", .dotSegment), ("/%2e./x", .dotSegment), ("/..;/x", .dotSegment),
        ("/..;a=b/x", .dotSegment), ("/.;/x", .dotSegment), ("/..%3B/x", .dotSegment), ("/%2e%2e%3bx/y", .dotSegment),
        ("/..%2Fx", .dotSegment), ("/a%2F..%2Fb", .dotSegment), ("/a%2f%2e%2e", .dotSegment), ("/a%2F.", .dotSegment),
        ("/..%5Cx", .dotSegment), ("/%2e%2e%5c", .dotSegment), ("/a%2F..%3Bb", .dotSegment),
        ("/a%5Cb", .backslash), ("/%5c", .backslash), ("/a%5C..", .backslash),
        ("/a;b", .parameter), ("/a;jsessionid=1/b", .parameter), ("/;", .parameter), ("/a;..", .parameter),
    ])
    func `a path that could mislead is refused`(path: String, fault: PathFault) {
        #expect(throws: fault) { try PathPolicy.normalize(Array(path.utf8).span) }
    }

    @Test(arguments: [("/a%2Fb", nil), ("/a%2fb", "/a%2Fb"), ("/%2F", nil), ("/a%2F%2Fb", nil)])
    func `an encoded slash stays data and is told of`(path: String, rewritten: String?) throws {
        let normalized = try PathPolicy.normalize(Array(path.utf8).span)
        #expect(normalized.hasEncodedSlash)
        #expect(normalized.rewritten.map { String(decoding: $0, as: UTF8.self) } == rewritten)
    }

    @Test func `only the bytes of a path may stand raw in a path`() {
        let allowed = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,=:@/[]^|".utf8)
        for byte in UInt8.min...UInt8.max {
            #expect(((try? PathPolicy.normalize([0x2F, 0x61, byte].span)) != nil) == allowed.contains(byte))
        }
    }

    @Test func `a canonical path is the canonical form of itself`() {
        var generator = SeededGenerator(state: 1)
        let pieces = ["/", "//", "a", "B", ".", "..", "%2e", "%2F", "%3b", "%41", "%c3", "%25", ";", "%5c", "~", "%"]
        var accepted = 0
        for _ in 0..<20_000 {
            let count = Int.random(in: 0...6, using: &generator)
            let path = "/" + (0..<count).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
            let raw = Array(path.utf8)
            guard let normalized = try? PathPolicy.normalize(raw.span), let bytes = normalized.rewritten
            else { continue }
            accepted += 1
            let again = try? PathPolicy.normalize(bytes.span)
            #expect(again == NormalizedPath(rewritten: nil, hasEncodedSlash: normalized.hasEncodedSlash), "\(path)")
            #expect(bytes != raw)
        }
        #expect(accepted > 1_000)
    }
}
