import Testing

@Suite struct SizeTests {
    @Test func `no file or function of the project outgrows its limit`() throws {
        let ratchet = try #require(SourceTree.project.text("Tests/LayoutTests/ratchet.txt"))
        expectNone(sizeFindings(measures(of: projectSources), ratchet: ratchetEntries(ratchet)))
    }

    @Test(arguments: [(400, 0), (401, 1), (801, 1)])
    func `a file over its limit is found`(lines: Int, findings: Int) {
        #expect(sizeFindings([Measure(path: "A.swift", lines: lines)], ratchet: []).count == findings)
    }

    @Test(arguments: [(70, 0), (71, 1)])
    func `a function over its limit is found`(lines: Int, findings: Int) {
        let measure = Measure(path: "A.swift", function: "run", lines: lines)
        #expect(sizeFindings([measure], ratchet: []).count == findings)
    }

    @Test(arguments: [(500, 0), (499, 1), (900, 0)])
    func `the ratchet covers a file up to its number`(allowed: Int, findings: Int) {
        let ratchet = ratchetEntries("# why\n\(allowed) A.swift\n")
        #expect(sizeFindings([Measure(path: "A.swift", lines: 500)], ratchet: ratchet).count == findings)
    }

    @Test func `the ratchet does not cover a file over the hard limit`() {
        let ratchet = [RatchetEntry(key: "A.swift", lines: 900)]
        #expect(sizeFindings([Measure(path: "A.swift", lines: 850)], ratchet: ratchet).count == 1)
    }

    @Test(arguments: ["90 A.swift run", "90 A.swift gone", "500 Gone.swift"])
    func `a ratchet line that nothing needs is found`(line: String) {
        let measure = Measure(path: "A.swift", function: "run", lines: 70)
        #expect(sizeFindings([measure], ratchet: ratchetEntries(line)).count == 1)
    }
}

@Suite struct SwiftSourceTests {
    @Test func `functions are measured from their keyword to their closing brace`() {
        let source = SwiftSource(
            path: "A.swift",
            text: """
                protocol Step {
                    init(from text: String)
                    func run(_ closure: () -> Void)
                }
                struct A {
                    init?(from text: String = { "}" }()) {
                        self.init(text: "}")
                    }
                    func `a "quoted" name {`() async throws(Fault) -> [Int] {
                        let brace = #"\\" { "#  // {
                        if brace == "\\(name("}")) {" {
                            /* } */
                        }
                    }
                    deinit { }
                }
                """
        )
        #expect(
            source.functions == [
                FunctionSpan(name: "init", line: 6, lineCount: 3),
                FunctionSpan(name: "`a \"quoted\" name {`", line: 9, lineCount: 6),
                FunctionSpan(name: "deinit", line: 15, lineCount: 1),
            ]
        )
    }

    @Test func `code and comments are told apart`() {
        let source = SwiftSource(path: "A.swift", text: "let a = \"// no\"  // yes\n/* one /* two */ */let b = 1\n")
        #expect(source.codeLines.prefix(2) == ["let a = \"     \"        ", "                   let b = 1"])
        #expect(source.commentLines.prefix(2).map { $0.filter { $0 != " " } } == ["//yes", "/*one/*two*/*/"])
        #expect(source.lineCount == 2)
    }
}
