import Testing

@testable import Model

@Suite struct ConfigurationReaderTests {
    @Test func `the files and folders that were read are told, in order`() throws {
        let reader = ConfigurationReader(environment: [:], source: Golden.source)
        let loaded = reader.read(["include.yaml"])
        let parts = ["with/more.yaml", "with/conf.d/second.yaml", "with/conf.d/third.yaml"]
        #expect(loaded.files == ["include.yaml"] + parts)
        #expect(loaded.folders == ["with/conf.d"])
        #expect(reader.read(["openapi.yaml"]).files == ["openapi.yaml", "with/petstore.yaml", "with/exported.json"])
        #expect(reader.read(["wrong-include.yaml"]).files.contains("with/missing.yaml"))
    }

    @Test func `several files of a command line are one configuration`() throws {
        let source = FileSource.texts([
            "a.yaml": "apis: { a: { routes: { GET /: b } } }\nlisten: 1",
            "b.yaml": "backends: { b: { targets: [http://127.0.0.1] } }\nlisten: [2, 3]",
        ])
        let model = try ConfigurationReader(environment: [:], source: source).read(["./a.yaml", "b.yaml"]).model.get()
        #expect(model.listeners.map(\.port) == [1, 2, 3])
        #expect(model.apis.map(\.name) == ["a"])
    }

    @Test func `without listen there is one socket`() throws {
        let source = FileSource.texts(["a.yaml": "apis: { a: { routes: { $default: http://127.0.0.1 } } }"])
        let model = try ConfigurationReader(environment: [:], source: source).read(["a.yaml"]).model.get()
        #expect(model.listeners == [Listener(port: 8_080)])
    }

    @Test func `a file that is not there is a fault`() {
        let faults = #expect(throws: Faults.self) {
            try ConfigurationReader(environment: [:]).read(["/no/such/file.yaml"]).model.get()
        }
        #expect(faults?.description == "the file cannot be read (no such file): \"/no/such/file.yaml\"")
    }
}

@Suite struct FilePathTests {
    @Test(arguments: [
        ("a.yaml", "b.yaml", "b.yaml"), ("conf/a.yaml", "b.yaml", "conf/b.yaml"),
        ("conf/a.yaml", "../b.yaml", "b.yaml"),
        ("a.yaml", "../b.yaml", "../b.yaml"), ("/etc/a.yaml", "d/./b.yaml", "/etc/d/b.yaml"), ("/a.yaml", "b", "/b"),
        ("conf/a.yaml", "/b.yaml", "/b.yaml"), ("/a/b.yaml", "../../../c", "/c"),
    ])
    func `a path counts from the folder of the file that names it`(base: String, path: String, expected: String) {
        #expect(FilePath.resolve(path, relativeTo: base) == expected)
    }

    @Test(arguments: [
        ("a.yaml", "*.yaml", true), ("a.yml", "*.yaml", false), (".a.yaml", "*.yaml", false), ("a1b", "a?b", true),
        ("ab", "a?b", false), ("aXbXc", "a*b*c", true), ("abcab", "*ab", true), ("", "*", true),
    ])
    func `a pattern meets names`(name: String, pattern: String, expected: Bool) {
        #expect(FilePath.matches(name, pattern: pattern) == expected)
    }
}

@Suite struct QuantityTests {
    @Test(arguments: [
        ("250ms", 250), ("5s", 5_000), ("1m30s", 90_000), ("2h", 7_200_000), ("1h2m3s4ms", 3_723_004), ("0s", 0),
    ])
    func `a time is written as it was read`(text: String, milliseconds: Int) {
        #expect(TimeSpan.read(text) == .milliseconds(milliseconds))
        #expect(TimeSpan.written(.milliseconds(milliseconds)) == text)
    }

    @Test(arguments: ["", "5", "s", "5 s", "1s1m", "1s1s", "-1s", "1.5s", "1h1d", "٣s", "9223372036854775807h"])
    func `anything else is no time`(text: String) {
        #expect(TimeSpan.read(text) == nil)
    }

    @Test(arguments: [
        ("0", 0), ("64KiB", 65_536), ("10MB", 10_000_000), ("1GiB", 1 << 30), ("5B", 5), ("1KB", 1_000), ("7", 7),
    ])
    func `a size has units`(text: String, bytes: Int) {
        #expect(ByteCount.read(text) == bytes)
        #expect(ByteCount.read(ByteCount.written(bytes)) == bytes)
    }

    @Test(arguments: ["", "KiB", "1 KiB", "1kb", "-1", "1.5MB", "9223372036854775807KiB"])
    func `anything else is no size`(text: String) {
        #expect(ByteCount.read(text) == nil)
    }
}

@Suite struct SpellingTests {
    @Test(arguments: [
        ("pth", "path"), ("timout", "timeout"), ("raech", "reach"), ("Path", "path"), ("xyz", nil),
        ("backedns", "backends"),
    ])
    func `a slip is recognised`(word: String, meant: String?) {
        #expect(Spelling.closest(to: word, among: ["path", "timeout", "reach", "backends"]) == meant)
    }
}
