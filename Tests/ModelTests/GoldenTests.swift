import Foundation
import Testing

@testable import Model

/// Each `NAME.yaml` or `NAME.json` in `Golden` stands beside what comes of it: `NAME.model.txt` or `NAME.faults.txt`.
@Suite struct GoldenTests {
    @Test(arguments: Golden.configurations)
    func `a configuration gives its model or its faults`(name: String) throws {
        let reader = ConfigurationReader(environment: Golden.environment, source: Golden.source)
        let stem = name.prefix { $0 != "." }
        switch reader.read([name]).model {
        case .success(let model): try Golden.expect(modelText(model), in: "Golden/\(stem).model.txt")
        case .failure(let faults): try Golden.expect(faults.description + "\n", in: "Golden/\(stem).faults.txt")
        }
    }

    @Test(.enabled(if: !Golden.isRewriting)) func `no golden file is left behind`() throws {
        let names = Set(try FileManager.default.contentsOfDirectory(atPath: Golden.tests + "/Golden"))
        let stems = Set(Golden.configurations.map { $0.prefix { $0 != "." } })
        for name in names where name.hasSuffix(".txt") { #expect(stems.contains(name.prefix { $0 != "." })) }
        for stem in stems {
            #expect(names.contains("\(stem).model.txt") != names.contains("\(stem).faults.txt"), "\(stem)")
        }
    }
}

/// Files that tests compare with, and rewrite when `DAEMUN_REWRITE_GOLDEN=1` is set.
enum Golden {
    static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path

    static let environment = ["PORT": "9090", "API_HOST": "api.test.com", "EMPTY": "", "GREETING": "a: b # c"]

    static let configurations: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: tests + "/Golden")) ?? []
        return names.filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".json") }.sorted()
    }()

    /// The golden folder as if it were the working directory.
    static let source = FileSource(
        read: { (path) throws(Fault) in
            do throws(Fault) {
                return try FileSource.disk.read(tests + "/Golden/" + path)
            } catch {
                throw Fault(error.message, text: path)
            }
        },
        names: { (folder) throws(Fault) in
            do throws(Fault) {
                return try FileSource.disk.names(tests + "/Golden/" + folder)
            } catch {
                throw Fault(error.message, text: folder)
            }
        }
    )

    static var isRewriting: Bool { ProcessInfo.processInfo.environment["DAEMUN_REWRITE_GOLDEN"] == "1" }

    /// Compares a text with a file beside the tests.
    static func expect(_ text: some StringProtocol, in file: String) throws {
        let url = URL(fileURLWithPath: tests).appendingPathComponent(file)
        if isRewriting { try text.write(to: url, atomically: true, encoding: .utf8) }
        let expected = (try? String(contentsOf: url, encoding: .utf8)) ?? ""
        #expect(text == expected, "\(file) differs; DAEMUN_REWRITE_GOLDEN=1 rewrites it")
    }

    /// Compares a text with what stands in a file between two marks, `<!-- name -->` and `<!-- /name -->`.
    static func expect(_ text: String, between name: String, in file: String) throws {
        let url = URL(fileURLWithPath: tests).appendingPathComponent(file)
        let content = try String(contentsOf: url, encoding: .utf8)
        let start = try #require(content.firstRange(of: "<!-- \(name) -->\n")).upperBound
        let end = try #require(content.firstRange(of: "<!-- /\(name) -->")).lowerBound
        try expect(content[..<start] + text + content[end...], in: file)
    }
}

/// A value as an indented outline: one line a property, without the places where things were declared.
func modelText(_ value: Any, label: String = "model", indentation: String = "") -> String {
    let mirror = Mirror(reflecting: value)
    let line = { (text: String) in "\(indentation)\(label): \(text)\n" }
    if mirror.displayStyle == .optional {
        guard let wrapped = mirror.children.first else { return line("none") }
        return modelText(wrapped.value, label: label, indentation: indentation)
    }
    if mirror.displayStyle == .set {
        return line(mirror.children.map { "\($0.value)" }.sorted().joined(separator: " "))
    }
    if let list = value as? [Any], list.isEmpty { return line("[]") }
    if value is any CustomStringConvertible && !(value is [Any]) || mirror.children.isEmpty { return line("\(value)") }
    return "\(indentation)\(label):\n"
        + mirror.children.enumerated().filter { $1.label != "source" }.map { index, child in
            modelText(child.value, label: child.label ?? "\(index)", indentation: indentation + "  ")
        }.joined()
}
