import Testing

@Suite struct DocumentTests {
    @Test func `every page of the guide has a title and an early example`() {
        let tree = SourceTree.project
        let pages = tree.files(under: "docs", suffix: ".md").filter { $0.split(separator: "/").count == 2 }
        #expect(!pages.isEmpty)
        expectNone(pages.flatMap { documentFindings(path: $0, text: tree.text($0) ?? "") })
    }

    @Test func `both READMEs have the same tables`() {
        let tree = SourceTree.project
        expectNone(translationFindings(readme: tree.text("README.md"), korean: tree.text("README.ko.md")))
    }

    @Test(arguments: [
        ("# Routes\n```yaml\n", 0), ("Routes\n```yaml\n", 1), ("# Routes\nwords\n", 1), ("", 2),
        ("# Routes" + String(repeating: "\n", count: 40) + "```yaml\n", 1),
    ])
    func `a page without title or early example is found`(text: String, findings: Int) {
        #expect(documentFindings(path: "docs/routes.md", text: text).count == findings)
    }

    @Test(arguments: [
        ("| a |\n|---|\n| 1 |\n", "| 가 |\n|---|\n| 1 |\n", 0), ("| a |\n|---|\n| 1 |\n", "| 가 |\n|---|\n", 1),
        ("| a |\n|---|\n| 1 |\n", nil, 1), (nil, "| 가 |\n|---|\n", 1), (nil, nil, 0),
    ])
    func `a README that lags behind its translation is found`(readme: String?, korean: String?, findings: Int) {
        #expect(translationFindings(readme: readme, korean: korean).count == findings)
    }
}
