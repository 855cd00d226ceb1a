import Foundation

/// What the demo backend answers to a request.
struct DemoAnswer {
    var status = 200
    /// Waited before it is sent.
    var delay = Duration.zero
    /// JSON.
    var body: String

    /// Longer than any timeout that one would want to try.
    private static let longestDelay = 120_000

    init(to method: String, _ target: String, fields: [(name: String, value: String)], bodyBytes: Int, server: String) {
        let path = target.prefix { $0 != "?" }
        let segments = path.split(separator: "/")
        if path == "/healthz" {
            body = #"{"healthy":true}"# + "\n"
            return
        }
        if path == "/slow" {
            let milliseconds = target.firstMatch(of: /[?&]ms=([0-9]{1,6})/).flatMap { Int($0.output.1) } ?? 1_000
            delay = .milliseconds(min(milliseconds, Self.longestDelay))
        } else if segments.count == 2, segments[0] == "status", let asked = Int(segments[1]),
            (200...599).contains(asked)
        {
            status = asked
        }
        let echo = Echo(
            server: server,
            method: method,
            path: target,
            headers: Dictionary(fields.map { ($0.name, $0.value) }, uniquingKeysWith: { $0 + ", " + $1 }),
            body: bodyBytes
        )
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        body = ((try? encoder.encode(echo)).map { String(decoding: $0, as: UTF8.self) } ?? "{}") + "\n"
    }

    private struct Echo: Encodable {
        var server: String
        var method: String
        var path: String
        /// Values of fields of the same name are joined with commas.
        var headers: [String: String]
        /// In bytes.
        var body: Int
    }
}
