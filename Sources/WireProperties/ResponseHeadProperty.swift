import Exchange
import Wire

/// What holds for any bytes as the head of a response, to HEAD and to other methods; see `RequestHeadProperty`.
enum ResponseHeadProperty {
    static func check(_ bytes: [UInt8]) throws(Violation) {
        try check(bytes, toHEAD: false)
        try check(bytes, toHEAD: true)
    }

    private static let limits = RequestHeadProperty.limits

    private static func check(_ bytes: [UInt8], toHEAD: Bool) throws(Violation) {
        let whole = try ResponseMessage.read(bytes, toHEAD: toHEAD, limits: limits)
        try whole.holdsInPieces(bytes) { lengths throws(Violation) in
            try ResponseMessage.read(bytes, inPiecesOf: lengths, toHEAD: toHEAD, limits: limits)
        }
        let reference = reference(bytes, toHEAD: toHEAD)
        guard case .complete(let message, let length, let forwarded) = whole else {
            guard let reference else { return }
            let isOverLimit =
                reference.length > limits.headBytes || reference.message.fields.count > limits.fieldCount
            return try hold(isOverLimit, "\(whole), but the reference accepts \(bytes.quoted)")
        }
        try hold(
            reference?.length == length && reference?.message == message,
            "read \(message) of \(length) bytes, by the reference \(String(describing: reference))"
        )
        try checkForwarded(message, forwarded, toHEAD: toHEAD)
    }

    private static func checkForwarded(
        _ message: ResponseMessage,
        _ forwarded: [UInt8],
        toHEAD: Bool
    ) throws(Violation) {
        let outcome = try ResponseMessage.read(forwarded, toHEAD: toHEAD)
        guard case .complete(let second, let length, let again) = outcome else {
            throw Violation(description: "\(forwarded.quoted) was sent on and is \(outcome)")
        }
        try hold(length == forwarded.count, "the head that was sent on ends at \(length) of \(forwarded.count)")
        try hold(again == forwarded, "sent on \(forwarded.quoted) and then \(again.quoted)")
        var expected = message
        expected.fields = endToEnd(message.fields)
        var actual = second
        actual.fields = endToEnd(second.fields)
        try hold(actual == expected, "sent on \(actual) for \(expected)")
    }

    private static func reference(_ bytes: [UInt8], toHEAD: Bool) -> (message: ResponseMessage, length: Int)? {
        guard let head = ReferenceHead(bytes, mayStartWithEmptyLine: false) else { return nil }
        let parts = head.firstLine.split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, let version = ReferenceHead.version(parts[0]), parts[1].count == 3,
            parts[1].allSatisfy({ (48...57).contains($0) }),
            let status = Int(String(decoding: parts[1], as: UTF8.self)), (100...599).contains(status),
            let stated = head.framing(version)
        else { return nil }
        let length: Int? = if case .length(let length) = stated { length } else { nil }
        let neverHasBody = status / 100 == 1 || status == 204
        let hasNoBody = neverHasBody || toHEAD || status == 304
        let framing: BodyFraming = hasNoBody ? .none : stated == .none ? .untilClose : stated
        let hasLyingBody = neverHasBody && stated != .none && stated != .length(0)
        let message = ResponseMessage(
            status: status,
            reason: parts.count == 3 ? Array(parts[2]) : [],
            version: version,
            fields: head.fields,
            framing: framing,
            contentLength: neverHasBody ? nil : length,
            keepsAlive: head.keepsAlive(version) && framing != .untilClose && !hasLyingBody
        )
        return (message, head.length)
    }
}
