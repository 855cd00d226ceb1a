import ArgumentParser
import Testing

@testable import DaemunCommand

@Suite struct ValidateCommandTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func `a good configuration is summed up`() throws {
        let file = try folder.write(shop, to: "shop.yaml")
        #expect(
            try ValidateCommand.parse([file]).report(.plain)
                == Report(output: "No fault: 2 APIs, 5 routes, 2 backends\n")
        )
        #expect(try ValidateCommand.parse(["--json", file]).report(.plain) == Report(output: "[]\n"))
    }

    @Test func `all faults are told at once, and counted`() throws {
        let file = try folder.write("apis:\n  a: { pth: /v1, routes: { GET x: b } }\n", to: "bad.yaml")
        let report = try ValidateCommand.parse([file]).report(.plain)
        #expect(report.isAtFault)
        let lines = report.output.split(separator: "\n")
        #expect(lines.first == #"\#(file):2:8: unknown key: "pth"; did you mean "path"?"#)
        #expect(lines.last == "\(lines.count - 1) faults")
        #expect(lines.count > 2)
    }

    @Test func `faults in JSON have every member`() throws {
        let report = try ValidateCommand.parse(["--json", "missing.yaml"]).report(.plain)
        #expect(
            report
                == Report(
                    output: #"[{"column":null,"file":null,"line":null,"#
                        + #""message":"the file cannot be read (no such file)","#
                        + #""suggestion":null,"text":"missing.yaml"}]"# + "\n",
                    isAtFault: true
                )
        )
    }

    @Test func `what only compiling finds is a fault, too`() throws {
        let routes = "{ GET /a/{x}: { reply: {} }, GET /a/{y}: { reply: {} } }"
        let file = try folder.write("apis: { a: { routes: \(routes) } }\n", to: "twice.yaml")
        #expect(try ValidateCommand.parse([file]).report(.plain).isAtFault)
    }

    @Test(arguments: ["quickstart.yaml", "shop.yaml"])
    func `the examples have no fault and are formatted`(name: String) throws {
        let file = "\(repository)/examples/\(name)"
        #expect(try !ValidateCommand.parse([file]).report(.plain).isAtFault)
        #expect(try FormatCommand.parse(["--check", file]).report(.plain) == Report())
    }

    @Test func `colours are for terminals`() throws {
        let file = try folder.write("apis: { a: { pth: /, routes: {} } }\n", to: "bad.yaml")
        let command = try ValidateCommand.parse([file])
        #expect(try !command.report(.plain).output.contains("\u{1B}"))
        #expect(try command.report(TextStyle(isColored: true)).output.contains("\u{1B}[32m\"path\"\u{1B}[0m"))
    }
}
