import Testing

@Suite struct BannedTextTests {
    @Test func `no source of the project holds a banned text`() {
        expectNone(projectSources.flatMap { bannedTextFindings(in: $0) })
    }

    @Test func `no file or type of the project has a vague name`() {
        expectNone(projectSources.flatMap(namingFindings))
    }

    @Test(arguments: [
        "final class Box: @unchecked Sendable {}", "nonisolated(unsafe) var a = 1", "let a = try! read()",
        "let a = b as! Int", "loop.assumeIsolatedUnsafeUnchecked()", "fatalError(\"no\")", "// " + "TODO: later",
        "/// " + "FIXME", "import Foundation", "public import Foundation",
    ])
    func `a banned text is found`(line: String) {
        let source = SwiftSource(path: "Sources/RequestPath/Wire/A.swift", text: "let x = 1\n\(line)\n")
        #expect(bannedTextFindings(in: source).map(\.line) == [2])
    }

    @Test(arguments: [
        "let text = \"try! as! fatalError(\"", "// try! to do without", "let list = alias!",
        "import FoundationEssentials",
        "func fatalErrors() {}",
    ])
    func `what only looks like a banned text is not found`(line: String) {
        let source = SwiftSource(path: "Sources/RequestPath/Wire/A.swift", text: line)
        #expect(bannedTextFindings(in: source).isEmpty)
    }

    @Test(arguments: [(0, 0), (2, 0), (3, 1)])
    func `an invariant excuses what stands at most three lines below it`(between: Int, findings: Int) {
        let text = "// Invariant: written once, before the loops start.\n" + String(repeating: "\n", count: between)
        let source = SwiftSource(path: "A.swift", text: text + "nonisolated(unsafe) var a = 1\n")
        #expect(bannedTextFindings(in: source).count == findings)
    }

    @Test func `an invariant excuses no leftover`() {
        let source = SwiftSource(path: "A.swift", text: "// Invariant: none.\n// " + "TODO: state one\n")
        #expect(bannedTextFindings(in: source).count == 1)
    }

    @Test(arguments: [
        ("Sources/A/StringUtils.swift", "", 1), ("Sources/A/Common.swift", "", 1),
        ("Sources/A/A.swift", "final class PoolManager {", 1), ("Sources/A/Pool.swift", "struct Pool {", 0),
    ])
    func `a vague name is found`(path: String, text: String, findings: Int) {
        #expect(namingFindings(in: SwiftSource(path: path, text: text)).count == findings)
    }
}
