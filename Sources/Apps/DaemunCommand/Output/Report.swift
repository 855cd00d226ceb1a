import ArgumentParser
import Foundation
import Model

/// What a command answers.
struct Report: Equatable {
    /// For standard output.
    var output = ""
    /// For standard error.
    var complaint = ""
    /// Whether the configuration or the request is at fault.
    var isAtFault = false
}

extension Report {
    /// JSON on one line, with members in alphabetical order.
    static func json(_ value: some Encodable, isAtFault: Bool = false) throws -> Report {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Report(output: String(decoding: try encoder.encode(value), as: UTF8.self) + "\n", isAtFault: isAtFault)
    }

    /// Faults that keep a command from its work.
    static func faults(_ faults: Faults, _ style: TextStyle) -> Report {
        Report(complaint: style.lines(faults), isAtFault: true)
    }
}

/// A command that prints one report and ends.
protocol ReportingCommand: ParsableCommand {
    /// Does the work.
    /// - Throws: `CommandFailure` when it can't be done.
    func report(_ style: TextStyle) throws -> Report
}

extension ReportingCommand {
    func run() throws {
        let report = try report(StandardStreams.style)
        if !report.output.isEmpty { StandardStreams.write(report.output) }
        if !report.complaint.isEmpty { StandardStreams.writeError(report.complaint) }
        if report.isAtFault { throw ExitCode.atFault }
    }
}
