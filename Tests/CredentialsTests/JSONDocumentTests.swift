import Testing

@testable import Credentials

@Suite struct JSONDocumentTests {
    private func read(_ text: String, limits: JSONLimits = .claims) throws(JSONFault) -> JSONValue {
        try JSONDocument(Array(text.utf8), limits: limits).root
    }

    @Test func `members are found and come in their order`() throws {
        let root = try read(#" {"a" : 1, "b":{"c":[true,false,null,"x"]} , "":"\u0061"} "#)
        #expect(root.members.map(\.name) == ["a", "b", ""])
        #expect(root["a"]?.integer == 1)
        #expect(root["b"]?["c"]?.elements?.map(\.source) == ["true", "false", "null", #""x""#])
        #expect(root[""]?.text == "a")
        #expect(root["c"] == nil)
        #expect(root["b"]?["c"]?["a"] == nil)
    }

    @Test(arguments: [
        ("0", 0), ("-0", 0), ("17", 17), ("-17", -17), ("9223372036854775807", Int64.max),
        ("-9223372036854775808", Int64.min), ("9223372036854775808", nil), ("1.0", nil), ("1e3", nil),
    ])
    func `integers are those that fit`(text: String, value: Int64?) throws {
        #expect(try read(text).integer == value)
    }

    @Test(arguments: [
        ("1.5", 1.5), ("-1e-2", -0.01), ("2E+3", 2000), ("9223372036854775808", 9.223372036854775808e18),
        ("1e999", nil),
    ])
    func `numbers are those that a double holds`(text: String, value: Double?) throws {
        #expect(try read(text).number == value)
    }

    @Test(arguments: [
        (#""""#, ""), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u00e9é""#, "éé"),
        (#""\ud83d\ude00""#, "😀"),
        (#""\u0000""#, "\0"),
    ])
    func `escapes are undone`(text: String, value: String) throws {
        #expect(try read(text).text == value)
    }

    @Test(arguments: [
        "", " ", "{", "}", "[1,]", "[,1]", "{\"a\":1,}", "{a:1}", "{'a':1}", "{\"a\"}", "{\"a\":}", "[1 2]", "1 2",
        "{}{}",
        "01", "-", "+1", ".5", "1.", "1e", "1e+", "0x1", "NaN", "Infinity", "tru", "True", "nul", "\"a", "\"\n\"",
        "\"\\x\"",
        "\"\\u12\"", "\"\\ud83d\"", "\"\\ude00\"", "\"\\ud83d\\u0061\"", "\"\\ud83dx\"", "// a\n1", "\u{FEFF}1", "[1]x",
    ])
    func `what is not in the grammar is refused`(text: String) {
        #expect(throws: JSONFault.self) { try read(text) }
    }

    @Test(arguments: [#"{"a":1,"a":1}"#, #"{"a":1,"\u0061":2}"#, #"{"x":{"b":1,"c":2,"b":3}}"#])
    func `a name that comes twice is refused`(text: String) throws {
        let fault = #expect(throws: JSONFault.self) { try read(text) }
        guard case .duplicateName = fault else { throw try #require(fault) }
    }

    @Test func `a name that comes twice among many is refused`() {
        let names = (0..<40).map { #""n\#($0)":0"# }
        #expect(throws: Never.self) { try read("{\(names.joined(separator: ","))}") }
        for twice in [0, 15, 16, 39] {
            let text = "{\(names.joined(separator: ",")),\"n\(twice)\":1}"
            #expect(throws: JSONFault.self) { try read(text) }
        }
    }

    @Test func `names that only look the same are two`() throws {
        // One character, and a letter with a combining mark: equal as strings, different as bytes.
        let root = try read("{\"\u{E9}\":1,\"e\u{301}\":2}")
        #expect(root.member(named: Array("\u{E9}".utf8))?.integer == 1)
        #expect(root.member(named: Array("e\u{301}".utf8))?.integer == 2)
    }

    @Test func `limits hold`() {
        let limits = JSONLimits(bytes: 20, depth: 2, nodes: 4)
        #expect(throws: Never.self) { try read("[[1]]", limits: limits) }
        #expect(throws: JSONFault.tooDeep) { try read("[[[1]]]", limits: limits) }
        #expect(throws: JSONFault.tooManyValues) { try read("[1,2,3,4]", limits: limits) }
        #expect(throws: JSONFault.tooLong) { try read("[1                  ]", limits: limits) }
        #expect(throws: JSONFault.tooDeep) { try read(String(repeating: "[", count: 10_000)) }
    }

    @Test(arguments: [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22]] as [[UInt8]])
    func `bytes that are no UTF-8 are refused`(bytes: [UInt8]) {
        #expect(throws: JSONFault.notUTF8) { try JSONDocument(bytes, limits: .claims) }
    }

    /// Whatever the bytes: no crash, and a value that is taken, written again from what was read, reads the same.
    @Test func `changed texts are refused or read the same twice`() throws {
        let seed = #"{"iss":"https://id","aud":["a","b\u0020"],"exp":1.5e9,"x":{"y":[true,null,{}]},"n":-12}"#
        var random = SplitMix(state: 7)
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
            guard let document = try? JSONDocument(bytes, limits: .claims) else { continue }
            taken += 1
            let text = written(document.root)
            #expect(written(try JSONDocument(Array(text.utf8), limits: .claims).root) == text)
        }
        #expect(taken > 1000)
    }

    private func written(_ value: JSONValue) -> String {
        if value.isObject {
            return "{\(value.members.map { "\(quoted($0.name)):\(written($0.value))" }.joined(separator: ","))}"
        }
        if let elements = value.elements { return "[\(elements.map(written).joined(separator: ","))]" }
        return value.text.map(quoted) ?? value.source
    }

    private func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar in
            guard scalar.value < 0x20 || scalar == "\"" || scalar == "\\" else { return String(scalar) }
            let digits = String(scalar.value, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
        return "\"\(escaped.joined())\""
    }
}

/// Random numbers that are the same in every run.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
