import ArgumentParser
import Foundation
import Testing

@testable import DaemunCommand

@Suite struct FormatCommandTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func `the formatted text is printed`() throws {
        let file = try folder.write("listen:   80 # here\n\n\n\nadmin:\n     port:  1\n", to: "a.yaml")
        #expect(
            try FormatCommand.parse([file]).report(.plain)
                == Report(output: "listen: 80 # here\n\nadmin:\n  port: 1\n")
        )
    }

    @Test func `a check names what is not formatted and writes nothing`() throws {
        let good = try folder.write("listen: 80\n", to: "good.yaml")
        let bad = try folder.write("listen:  80\n", to: "bad.yaml")
        let report = try FormatCommand.parse(["--check", good, bad]).report(.plain)
        #expect(report == Report(output: bad + "\n", isAtFault: true))
        #expect(try String(contentsOfFile: bad, encoding: .utf8) == "listen:  80\n")
    }

    @Test func `files are written back`() throws {
        let file = try folder.write("listen:  80\n", to: "a.yaml")
        #expect(try FormatCommand.parse(["--write", file]).report(.plain) == Report(output: file + "\n"))
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "listen: 80\n")
        #expect(try FormatCommand.parse(["--write", file]).report(.plain) == Report())
    }

    @Test func `a file that is not YAML is left alone, and the others are not`() throws {
        let broken = try folder.write("a: [\n", to: "broken.yaml")
        let fine = try folder.write("a:  1\n", to: "fine.yaml")
        let report = try FormatCommand.parse([broken, fine]).report(.plain)
        #expect(report.isAtFault)
        #expect(report.output == "a: 1\n")
        #expect(report.complaint.contains("broken.yaml"))
    }

    @Test func `check and write exclude each other`() {
        #expect(throws: (any Error).self) { try FormatCommand.parse(["--check", "--write", "a.yaml"]) }
    }
}
