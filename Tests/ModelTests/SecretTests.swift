import Testing

@testable import Model

@Suite struct SecretTests {
    private func read(_ token: String, files: [String: String] = [:]) -> LoadedConfiguration {
        let text = """
            apis: { a: { routes: { $default: "http://127.0.0.1:9000" } } }
            admin: { port: 8081, token: "\(token)" }
            """
        let source = FileSource.texts(files.merging(["etc/a.yaml": text]) { $1 })
        return ConfigurationReader(environment: ["TOKEN": "sesame", "NONE": ""], source: source).read(["etc/a.yaml"])
    }

    @Test(arguments: ["env:TOKEN", "file:token", "file:bare"])
    func `a secret is found where its reference says`(reference: String) throws {
        let loaded = read(reference, files: ["etc/token": "sesame\n", "etc/bare": "sesame"])
        #expect(try loaded.model.get().admin?.token?.matches("sesame") == true)
    }

    @Test(arguments: ["sesame", "env:", "env:ABSENT", "env:NONE", "file:", "file:absent", "env:A-B"])
    func `what is no reference, or leads nowhere, is a fault that does not repeat the text`(reference: String) throws {
        guard case .failure(let faults) = read(reference).model else {
            Issue.record("no fault")
            return
        }
        #expect(faults.all.count == 1)
        #expect(faults.all.first?.location?.line == 2)
        #expect(!faults.description.contains("sesame"))
    }

    @Test func `a file of a secret is watched like the others`() {
        #expect(read("file:token", files: ["etc/token": "x"]).files == ["etc/a.yaml", "etc/token"])
    }

    @Test func `a secret does not show itself`() {
        let secret = Secret("sesame")
        #expect("\(secret) \(String(reflecting: secret))" == "(secret) (secret)")
        var dumped = ""
        dump(secret, to: &dumped)
        #expect(!dumped.contains("sesame"))
    }

    @Test(arguments: [("sesame", true), ("sesamf", false), ("sesam", false), ("", false)])
    func `only the same text matches`(candidate: String, expected: Bool) {
        #expect(Secret("sesame").matches(candidate) == expected)
    }
}
