import Foundation
import Testing

@testable import Model

@Suite struct HostileConfigurationTests {
    @Test(arguments: samples)
    func `a file that is cut short or damaged never crashes the reader or the formatter`(name: String) throws {
        let bytes = Array(try Golden.source.read(name).utf8)
        var random = Xorshift(state: 0x2545_F491_4F6C_DD1D)
        for length in stride(from: 0, to: bytes.count, by: intensity > 1 ? 1 : max(1, bytes.count / 60)) {
            read(String(decoding: bytes[..<length], as: UTF8.self), as: name)
        }
        for _ in 0..<(120 * intensity) where !bytes.isEmpty {
            var damaged = bytes
            let index = Int(random.next() % UInt64(bytes.count))
            switch random.next() % 4 {
            case 0: damaged[index] = UInt8(truncatingIfNeeded: random.next())
            case 1: damaged.remove(at: index)
            case 2: damaged[index] = interesting[Int(random.next() % UInt64(interesting.count))]
            default: damaged.insert(interesting[Int(random.next() % UInt64(interesting.count))], at: index)
            }
            read(String(decoding: damaged, as: UTF8.self), as: name)
        }
    }

    @Test(arguments: [
        String(repeating: "[", count: 20_000), String(repeating: "- ", count: 20_000),
        String(repeating: "{a: ", count: 20_000), "a: &a [*a]", "a: &a {b: *a}", "*a", "? [a]\n: b", "!!binary x",
        "\u{FEFF}a: 1",
        "a: \"\\ud83d\"", "--- a\n--- b", "%YAML 9.9\n---\na: 1", "a: \u{0}", "\t", ":", "-", "?", "a: |", "a: >9\n b",
        "'", "\"",
    ])
    func `odd YAML is a fault or a document`(text: String) {
        read(text, as: "a.yaml")
    }

    @Test func `aliases that multiply are a fault`() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<9 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(aliases)]\n"
        }
        let result = ConfigurationReader(environment: [:], source: .texts(["a.yaml": text])).read(["a.yaml"])
        guard case .failure(let faults) = result.model else {
            Issue.record("it was accepted")
            return
        }
        #expect(faults.all.contains { $0.message.contains("1,000,000 nodes") })
    }

    /// Every fault has to have a place, and what can be formatted is so once and for all.
    private func read(_ text: String, as name: String) {
        let isDocument = name.hasPrefix("with/")
        let source = FileSource(
            read: { (path) throws(Fault) in
                if path == name { return text }
                return path == "entry.yaml" ? "apis: { a: { openapi: \(name) } }" : try Golden.source.read(path)
            },
            names: Golden.source.names
        )
        let reader = ConfigurationReader(environment: Golden.environment, source: source)
        let result = reader.read([isDocument ? "entry.yaml" : name])
        if case .failure(let faults) = result.model {
            #expect(!faults.all.isEmpty)
            for fault in faults.all {
                #expect(fault.location != nil, "\(fault)")
                #expect(fault.text?.count ?? 0 <= 60)
                #expect(fault.text?.contains(where: \.isNewline) != true)
            }
        }
        guard let formatted = try? ConfigurationFormatter.formatted(text, file: name) else { return }
        #expect((try? ConfigurationFormatter.formatted(formatted, file: name)) == formatted, "\(text)")
    }
}

/// `DAEMUN_FUZZ=100` reads that many times as many damaged files.
private let intensity = Int(ProcessInfo.processInfo.environment["DAEMUN_FUZZ"] ?? "") ?? 1
private let samples = [
    "every-key.yaml", "quickstart.yaml", "include.yaml", "document.json", "with/petstore.yaml", "format/messy.yaml",
]
private let interesting = Array("{}[]:,#&*!|>'\"%@`-?$ \n\t0~\\".utf8)

/// A small generator of numbers, so that a failure repeats.
private struct Xorshift {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
