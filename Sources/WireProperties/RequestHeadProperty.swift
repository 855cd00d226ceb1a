import Exchange
import Wire

/// What holds for any bytes as the head of a request:
/// - It makes no difference in which pieces they come.
/// - They are accepted exactly when the reference accepts them, and mean the same.
/// - What is accepted is sent on as a head that means the same, without what belongs to one connection.
enum RequestHeadProperty {
    /// So small that a fuzzer reaches them.
    static let limits = HeadLimits(lineBytes: 256, headBytes: 1_024, fieldCount: 16)

    static func check(_ bytes: [UInt8]) throws(Violation) {
        let whole = try RequestMessage.read(bytes, limits: limits)
        try whole.holdsInPieces(bytes) { lengths throws(Violation) in
            try RequestMessage.read(bytes, inPiecesOf: lengths, limits: limits)
        }
        guard case .complete(let message, let length, let forwarded) = whole else {
            return try checkRefusal(bytes, whole)
        }
        let reference = reference(bytes)
        try hold(
            reference?.length == length && reference?.message == message,
            "read \(message) of \(length) bytes, by the reference \(String(describing: reference))"
        )
        try checkForwarded(message, forwarded)
    }

    private static func checkRefusal(_ bytes: [UInt8], _ outcome: Outcome<RequestMessage>) throws(Violation) {
        guard let reference = reference(bytes) else { return }
        let isOverLimit =
            reference.lineLength > limits.lineBytes || reference.length > limits.headBytes
            || reference.message.fields.count > limits.fieldCount
        try hold(isOverLimit, "\(outcome), but the reference accepts \(bytes.quoted)")
    }

    private static func checkForwarded(_ message: RequestMessage, _ forwarded: [UInt8]) throws(Violation) {
        let outcome = try RequestMessage.read(forwarded)
        guard case .complete(let second, let length, let again) = outcome else {
            throw Violation(description: "\(forwarded.quoted) was sent on and is \(outcome)")
        }
        try hold(length == forwarded.count, "the head that was sent on ends at \(length) of \(forwarded.count)")
        try hold(again == forwarded, "sent on \(forwarded.quoted) and then \(again.quoted)")
        let written = ["host", "expect"]
        var expected = message
        expected.fields = endToEnd(message.fields, without: written)
        var actual = second
        actual.fields = endToEnd(second.fields, without: written)
        try hold(actual == expected, "sent on \(actual) for \(expected)")
    }

    // MARK: The reference

    private struct Reference {
        var message: RequestMessage
        var lineLength: Int
        var length: Int
    }

    private static func reference(_ bytes: [UInt8]) -> Reference? {
        guard let head = ReferenceHead(bytes, mayStartWithEmptyLine: true) else { return nil }
        let parts = head.firstLine.split(separator: 0x20, omittingEmptySubsequences: false).map(Array.init)
        guard parts.count == 3, ReferenceHead.isToken(parts[0]), let version = ReferenceHead.version(parts[2]),
            let target = target(parts[1], method: String(decoding: parts[0], as: UTF8.self)),
            let framing = head.framing(version)
        else { return nil }
        let hosts = head.values("host")
        guard hosts.count == 1 || hosts.isEmpty && version == .http10, hosts.allSatisfy(isReferenceAuthority)
        else { return nil }
        let expectations = head.values("expect").map { String(decoding: $0, as: UTF8.self).lowercased() }
        guard expectations.allSatisfy({ $0 == "100-continue" }) else { return nil }
        let hasBody = framing != .none && framing != .length(0)
        let message = RequestMessage(
            method: parts[0],
            path: target.path,
            query: target.query,
            authority: target.authority ?? hosts.first ?? [],
            version: version,
            fields: head.fields,
            framing: framing,
            keepsAlive: head.keepsAlive(version),
            expectsContinue: !expectations.isEmpty && version == .http11 && hasBody
        )
        return Reference(message: message, lineLength: head.firstLine.count, length: head.length)
    }

    private struct Target {
        var authority: [UInt8]?
        var path: [UInt8]
        var query: [UInt8]?
    }

    private static func target(_ bytes: [UInt8], method: String) -> Target? {
        guard method.lowercased() != "connect", !bytes.isEmpty, bytes.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        guard !text.contains("#") else { return nil }
        if text == "*" { return method == "OPTIONS" ? Target(path: bytes) : nil }
        let parts = bytes.split(separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        var target = Target(path: Array(parts[0]), query: parts.count == 2 ? Array(parts[1]) : nil)
        if text.hasPrefix("/") { return target }
        guard let scheme = ["http://", "https://"].first(where: { text.lowercased().hasPrefix($0) }) else { return nil }
        let rest = target.path.dropFirst(scheme.count)
        let authority = Array(rest.prefix { $0 != UInt8(ascii: "/") })
        target.authority = authority
        target.path = Array(rest.dropFirst(authority.count))
        if target.path.isEmpty {
            if method == "OPTIONS", target.query == nil { return nil }
            target.path = Array("/".utf8)
        }
        return isReferenceAuthority(authority) ? target : nil
    }
}
