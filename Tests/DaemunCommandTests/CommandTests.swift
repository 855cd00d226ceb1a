import ArgumentParser
import Foundation
import NIOCore
import Testing

@testable import DaemunCommand

@Suite struct CommandTests {
    @Test(
        arguments: [
            ["run", "--proxy", "http://x", "a.yaml"], ["run", "--port", "65536", "a.yaml"],
            ["run", "--threads", "0", "a.yaml"], ["run", "--admin-port", "-1"], ["run", "--log-level", "loud"],
            ["demo", "--port", "x"], ["completions", "tcsh"], ["nothing"],
        ]
    )
    func `wrong usage is refused`(arguments: [String]) {
        let error = #expect(throws: (any Error).self) { try RootCommand.parseAsRoot(arguments) }
        #expect(error.map { RootCommand.exitCode(for: $0) } == .validationFailure)
    }

    @Test func `the schema is the published one`() throws {
        let published = try String(contentsOfFile: repository + "/docs/daemun.schema.json", encoding: .utf8)
        #expect(try SchemaCommand.parse([]).report(.plain).output == published)
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func `completions know the commands`(shell: String) throws {
        let script = try CompletionsCommand.parse([shell]).report(.plain).output
        for command in ["run", "validate", "explain", "routes", "fmt"] { #expect(script.contains(command)) }
    }

    @Test func `the version is told`() throws {
        #expect(try VersionCommand.parse([]).report(.plain).output == "daemun \(Version.text)\n")
        #expect(try VersionCommand.parse(["--json"]).report(.plain).output == #"{"version":"\#(Version.text)"}"# + "\n")
    }

    @Test func `the ready line says where it listens, with null for no admin`() throws {
        let announcement = Announcement(listening: ["0.0.0.0:8080", "[::1]:80"], revision: 1)
        #expect(
            try Report.json(announcement).output
                == #"{"admin":null,"listening":["0.0.0.0:8080","[::1]:80"],"revision":1}"# + "\n"
        )
        #expect(announcement.description == "daemun \(Version.text) listens on 0.0.0.0:8080, [::1]:80")
    }

    @Test(
        arguments: [
            (EADDRINUSE, "port 80 is taken"), (EACCES, "port 80 is only for root (those below 1024 are)"),
            (EADDRNOTAVAIL, "this machine has no such address: 10.0.0.1"),
        ]
    )
    func `a socket that can't be had comes with a remedy`(code: Int32, problem: String) {
        let error = IOError(errnoCode: code, reason: "bind")
        let failure = CommandFailure(opening: [("10.0.0.1", 80)], option: "--port", error)
        #expect(failure.problem == problem)
        #expect(failure.remedy != nil)
    }
}
