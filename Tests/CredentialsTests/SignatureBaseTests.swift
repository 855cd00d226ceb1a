import Testing

@testable import Credentials

@Suite struct SignatureBaseTests {
    /// The line of one component.
    private func line(_ component: String, of request: PlainRequest) throws -> String {
        let input = try StructuredDictionary(Array("sig=(\(component))".utf8))
        let entry = try #require(input.entries.first)
        let text = String(decoding: try SignatureBase(of: request, input: input, entry: entry).bytes, as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 2)
        return String(lines[0].dropFirst(component.count + 2))
    }

    // RFC 9421, 2.2.
    @Test(arguments: [
        (#""@method""#, "POST"), (#""@target-uri""#, "https://www.example.com/path?param=value"),
        (#""@authority""#, "www.example.com"), (#""@scheme""#, "https"), (#""@request-target""#, "/path?param=value"),
        (#""@path""#, "/path"), (#""@query""#, "?param=value"), (#""@query-param";name="param""#, "value"),
    ])
    func `derived components are the RFC's`(component: String, value: String) throws {
        let request = PlainRequest(
            method: "POST",
            scheme: "HTTPS",
            authority: "WWW.Example.com:443",
            target: "/path?param=value"
        )
        #expect(try line(component, of: request) == value)
    }

    @Test(arguments: [
        ("https", "a:443", "a"), ("https", "a:80", "a:80"), ("http", "a:80", "a"), ("http", "a:443", "a:443"),
        ("https", "[::1]:8443", "[::1]:8443"), ("https", "a:4443", "a:4443"),
    ])
    func `only the scheme's own port is left out`(scheme: String, authority: String, value: String) throws {
        let request = PlainRequest(method: "GET", scheme: scheme, authority: authority, target: "/")
        #expect(try line(#""@authority""#, of: request) == value)
    }

    @Test(arguments: [
        ("/a", "?", "https://e/a"), ("/a?", "?", "https://e/a?"), ("", "?", "https://e/"),
        ("/?x", "?x", "https://e/?x"),
    ])
    func `an absent query is an empty one`(target: String, query: String, uri: String) throws {
        let request = PlainRequest(method: "GET", authority: "e", target: target)
        #expect(try line(#""@query""#, of: request) == query)
        #expect(try line(#""@target-uri""#, of: request) == uri)
    }

    // RFC 9421, 2.2.8.
    @Test(arguments: [
        ("var", "this%20is%20a%20big%0Amultiline%20value"), ("bar", "with%20plus%20whitespace"),
        ("fa%C3%A7ade%22%3A%20", "something"), ("empty", ""), ("bare", ""), ("odd", "%25zz%25"), ("tilde", "%7E*-._"),
    ])
    func `parameters of the query are encoded anew`(name: String, value: String) throws {
        let target = """
            /p?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something\
            &empty=&bare&odd=%zz%&tilde=~*-._
            """
        let request = PlainRequest(method: "GET", authority: "e", target: target)
        #expect(try line(#""@query-param";name="\#(name)""#, of: request) == value)
    }

    @Test(arguments: ["/p", "/p?", "/p?b=1", "/p?a=1&a=1", "/p?a=1&%61=2", "/p?a=%FF", "/p?a=1&b%FF=1"])
    func `a parameter that is not there once is not covered`(target: String) {
        let request = PlainRequest(method: "GET", authority: "e", target: target)
        #expect(throws: SignatureFailure.self) { try line(#""@query-param";name="a""#, of: request) }
    }

    // RFC 9421, 2.1, and 2.1.3 for the last.
    @Test(arguments: [
        (#""host""#, "www.example.com"), (#""x-ows-header""#, "Leading and trailing whitespace."),
        (#""x-obs-fold-header""#, "Obsolete line folding."), (#""cache-control""#, "max-age=60, must-revalidate"),
        (#""example-dict""#, "a=1,    b=2;x=1;y=2,   c=(a   b   c), d"), (#""x-empty-header""#, ""),
        (#""example-header";bs"#, ":dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:"),
        (#""example-dict";key="a""#, "1"), (#""example-dict";key="d""#, "?1"),
        (#""example-dict";key="b""#, "2;x=1;y=2"),
        (#""example-dict";key="c""#, "(a b c)"),
    ])
    func `fields are the RFC's`(component: String, value: String) throws {
        let request = PlainRequest(
            method: "GET",
            authority: "www.example.com",
            target: "/",
            fields: [
                ("host", "www.example.com"), ("x-ows-header", "  Leading and trailing whitespace.   \t"),
                ("x-obs-fold-header", "Obsolete\r\n    line folding."), ("cache-control", "max-age=60"),
                ("cache-control", "   must-revalidate"), ("example-dict", "  a=1,    b=2;x=1;y=2,   c=(a   b   c), d"),
                ("x-empty-header", ""), ("example-header", "value, with, lots"), ("example-header", "of, commas"),
            ]
        )
        #expect(try line(component, of: request) == value)
    }

    @Test(arguments: [
        #""absent""#, #""Host""#, #""""#, #""host";key="a""#, #""@query-param";name="x""#, #""line""#, #""byte""#,
        #""@path";x"#,
        #""host";sf"#, #""host";tr"#, #""host";req"#, #""@method";req"#, #""@status""#, #""@query-param""#, #""@new""#,
        "host", "7",
        #""host";bs;key="a""#, #""host";bs=?0"#, #""@signature-params""#,
    ])
    func `what cannot be covered is refused`(component: String) {
        let request = PlainRequest(
            method: "GET",
            authority: "e",
            target: "/",
            fields: [("host", "e"), ("line", "a\r\n\"@method\": GET"), ("byte", "a\u{E9}")]
        )
        #expect(throws: SignatureFailure.self) { try line(component, of: request) }
    }

    @Test func `a component comes once`() {
        var request = PlainRequest.plain
        request.fields = [
            ("signature-input", #"s=("@method" "@method");created=1;keyid="k""#), ("signature", "s=:AAAA:"),
        ]
        #expect(throws: SignatureFailure.malformed) {
            try MessageSignature(of: request, policy: SignaturePolicy(required: []), now: 1)
        }
    }
}

@Suite struct StructuredDictionaryTests {
    // What is written in another way than RFC 8941, 4.1 writes it comes back in the one way.
    @Test(arguments: [
        ("a=1", "1"), ("a=-007", "-7"), ("a=1.50", "1.5"), ("a=-0.010", "-0.01"), ("a=2.0", "2.0"), ("a", "?1"),
        ("a=?0", "?0"),
        ("a;b;c=?1;d=1", "?1;b;c;d=1"), (#"a="x\"\\y""#, #""x\"\\y""#), ("a=tok/en:*", "tok/en:*"),
        ("a=:AAA=:", ":AAA=:"),
        ("a=( 1   b;x )", "(1 b;x)"), ("a=();  q=1", "();q=1"), ("  a=*x  ", "*x"), ("b=1,a=2", "2"),
        ("b=1 \t, \ta=2", "2"),
    ])
    func `a value is written in one way`(field: String, value: String) throws {
        let dictionary = try StructuredDictionary(Array(field.utf8))
        let entry = try #require(dictionary.entry("a"))
        var text: [UInt8] = []
        dictionary.write(entry.content, to: &text)
        #expect(String(decoding: text, as: UTF8.self) == value)
    }

    @Test(arguments: [
        "a=", "a=1,", ",a=1", "a=1 b=2", "A=1", "1=1", "a=1,,b=2", "a=(", "a=(1", "a=(1,2)", "a=(1)2", "a=(\"x\"\"y\")",
        "a=\"x",
        "a=\"\u{E9}\"", "a=\"\\x\"", "a=:AAA:", "a=:AA\n==:", "a=:", "a=?", "a=?2", "a=-", "a=1.", "a=.1", "a=1.2345",
        "a=1234567890123456", "a=1234567890123.1", "a=1;", "a=1;B", "a=1;b;b", "a=1,a=2", "a=@1", "a=\t1", "\ta=1",
        "a = 1", "a=((1))",
    ])
    func `what is not in the grammar is refused`(field: String) {
        #expect(throws: StructuredFieldFault.self) { try StructuredDictionary(Array(field.utf8)) }
    }

    @Test func `limits hold`() {
        func fields(_ count: Int, _ make: (Int) -> String, _ separator: String) -> [UInt8] {
            Array((0..<count).map(make).joined(separator: separator).utf8)
        }
        #expect(throws: Never.self) { try StructuredDictionary(fields(32, { "a\($0)" }, ",")) }
        #expect(throws: StructuredFieldFault.self) { try StructuredDictionary(fields(33, { "a\($0)" }, ",")) }
        let members = fields(129, { "\($0)" }, " ")
        #expect(throws: StructuredFieldFault.self) { try StructuredDictionary(Array("a=(".utf8) + members + [0x29]) }
        let parameters = Array("a=1;".utf8) + fields(257, { "p\($0)" }, ";")
        #expect(throws: StructuredFieldFault.self) { try StructuredDictionary(parameters) }
        let long = Array("a=\"\(String(repeating: "x", count: 8200))\"".utf8)
        #expect(throws: StructuredFieldFault.self) { try StructuredDictionary(long) }
    }

    @Test func `changed fields are refused or written the same twice`() throws {
        let seed = #"sig1=("@method" "a";bs "q";key="x\"");created=16;keyid="k";x=1.5, b=:AAAA:;t, c=?0"#
        var random = SplitMix(state: 3)
        var taken = 0
        for _ in 0..<20_000 {
            var bytes = Array(seed.utf8)
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
                case 1: bytes.remove(at: place)
                default: bytes.insert(bytes[Int.random(in: 0..<bytes.count, using: &random)], at: place)
                }
            }
            guard let dictionary = try? StructuredDictionary(bytes) else { continue }
            taken += 1
            let text = written(dictionary)
            #expect(written(try StructuredDictionary(text)) == text)
        }
        #expect(taken > 1000)
    }

    private func written(_ dictionary: StructuredDictionary) -> [UInt8] {
        var text: [UInt8] = []
        for entry in dictionary.entries {
            if !text.isEmpty { text += Array(", ".utf8) }
            text += dictionary.bytes[entry.key]
            text.append(UInt8(ascii: "="))
            dictionary.write(entry.content, to: &text)
        }
        return text
    }
}

@Suite struct ContentDigestTests {
    private let content = MessageVector.content
    private let short = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"

    @Test func `the RFC's digests are those of its content`() throws {
        for field in [short, MessageVector.digest, "\(short), \(MessageVector.digest)", "md5=:AAAA:, \(short)"] {
            let digest = try #require(ContentDigest(Array(field.utf8)))
            #expect(digest.matches(content))
            #expect(!digest.matches(content.dropLast().map(\.self)))
        }
    }

    @Test func `content is taken in piece by piece`() throws {
        var check = ContentDigestCheck(try #require(ContentDigest(Array("\(short), \(MessageVector.digest)".utf8))))
        for byte in content {
            #expect(!check.matches())
            check.update([byte].span)
        }
        #expect(check.matches())
    }

    @Test func `all digests must match`() throws {
        let wrong = short.replacing("X48E", with: "X48F")
        let digest = try #require(ContentDigest(Array("\(wrong), \(MessageVector.digest)".utf8)))
        #expect(!digest.matches(content))
    }

    @Test(arguments: [
        "", "md5=:AAAA:", "sha-256=:AAAA:", "sha-256=X48E", "sha-256", "sha-256=()", "sha-512=::", "SHA-256=:AAAA:",
        "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:, sha-512=:AAAA:",
    ])
    func `a field without a usable digest is refused`(field: String) {
        #expect(ContentDigest(Array(field.utf8)) == nil)
    }
}
