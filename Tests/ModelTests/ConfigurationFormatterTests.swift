import Foundation
import Testing

@testable import Model

@Suite struct ConfigurationFormatterTests {
    /// Each `NAME.yaml` in `Golden/format` stands beside `NAME.formatted.txt` or `NAME.faults.txt`.
    @Test(arguments: Self.samples)
    func `a file is laid out`(name: String) throws {
        let stem = "Golden/format/" + name.dropLast(".yaml".count)
        do throws(Faults) {
            let text = try ConfigurationFormatter.formatted(Self.text("format/" + name), file: name)
            try? Golden.expect(text, in: stem + ".formatted.txt")
        } catch {
            try? Golden.expect(error.description + "\n", in: stem + ".faults.txt")
        }
    }

    @Test(arguments: Golden.configurations.map { $0 } + Self.samples.map { "format/" + $0 })
    func `formatting twice changes nothing more`(name: String) throws {
        guard let once = try? ConfigurationFormatter.formatted(Self.text(name), file: name) else { return }
        #expect(try ConfigurationFormatter.formatted(once, file: name) == once)
    }

    @Test(arguments: Golden.configurations.filter { !$0.hasPrefix("wrong") })
    func `a formatted configuration gives the same model`(name: String) throws {
        let text = try ConfigurationFormatter.formatted(Self.text(name), file: name)
        let source = FileSource(
            read: { (path) throws(Fault) in path == name ? text : try Golden.source.read(path) },
            names: Golden.source.names
        )
        let before = ConfigurationReader(environment: Golden.environment, source: Golden.source).read([name])
        let after = ConfigurationReader(environment: Golden.environment, source: source).read([name])
        switch (before.model, after.model) {
        case (.success(let first), .success(let second)): #expect(modelText(first) == modelText(second))
        case (.failure(let first), .failure(let second)): #expect(first.all.map(\.message) == second.all.map(\.message))
        default: Issue.record("one has faults, the other has none")
        }
    }

    static let samples: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: Golden.tests + "/Golden/format")) ?? []
        return names.filter { $0.hasSuffix(".yaml") }.sorted()
    }()

    private static func text(_ name: String) -> String {
        (try? FileSource.disk.read(Golden.tests + "/Golden/" + name)) ?? ""
    }
}
