import Exchange
import NIOCore
import NIOHPACK
import Wire

/// What holds for any fields as the head of an HTTP/2 response:
/// - They are accepted exactly when the reference accepts them and HTTP/1.1 accepts what they are as lines.
/// - Then they mean the same as those lines do, so that no client of HTTP/1.1 reads another response.
///
/// An input begins with a byte whose bits say whether the stream ends (1) and whether the request's method was HEAD (2). The
/// fields are parted by 0x1E, their names and values by 0x1F.
enum HTTP2ResponseProperty {
    private static let limits = RequestHeadProperty.limits

    static func check(_ input: [UInt8]) throws(Violation) {
        let endsStream = input.first.map { $0 & 1 == 1 } ?? true
        let toHEAD = input.first.map { $0 & 2 == 2 } ?? false
        let fields = HTTP2RequestProperty.fields(input.dropFirst())
        let expected = try reference(fields, endsStream: endsStream, toHEAD: toHEAD)
        let parser = ResponseParser(limits: limits, names: ResponseMessage.names)
        var head = ResponseHead()
        do throws(WireFault) {
            try parser.parse(HPACKHeaders(fields), endsStream: endsStream, toHEAD: toHEAD, into: &head)
        } catch {
            guard let (message, length) = expected else { return }
            let isOverLimit = length > limits.headBytes || message.fields.count > limits.fieldCount
            return try hold(isOverLimit, "\(error), but the reference accepts \(input.quoted)")
        }
        guard let (message, _) = expected else { throw Violation(description: "accepts \(input.quoted)") }
        let read = try ResponseMessage(head)
        try hold(read == message, "\(read) for \(message)")
    }

    /// What the fields mean as an HTTP/1.1 head of so many bytes, when RFC 9113, 8.2 and 8.3.2, allow them.
    private static func reference(
        _ fields: [(String, String)],
        endsStream: Bool,
        toHEAD: Bool
    ) throws(Violation) -> (message: ResponseMessage, length: Int)? {
        guard let (name, status) = fields.first, name == ":status", status.utf8.count == 3,
            fields.dropFirst().allSatisfy({ isAllowed($0.0, $0.1) })
        else { return nil }
        var lines = ["HTTP/1.1 \(status) "] + fields.dropFirst().map { "\($0.0): \($0.1)" }
        let hasNoBody = toHEAD || status.hasPrefix("1") || ["204", "304"].contains(status)
        if endsStream, !hasNoBody, !fields.contains(where: { $0.0 == "content-length" }) {
            lines.append("content-length: 0")
        }
        let bytes = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        guard case .complete(var message, bytes.count, _) = try ResponseMessage.read(bytes, toHEAD: toHEAD) else {
            return nil
        }
        if case .length(let length) = message.framing, endsStream, length > 0 { return nil }
        if message.framing == .untilClose { message.framing = .chunked }
        message.version = .http2
        message.keepsAlive = true
        return (message, bytes.count)
    }

    private static func isAllowed(_ name: String, _ value: String) -> Bool {
        ReferenceHead.isToken(name.utf8) && !name.utf8.contains { (0x41...0x5A).contains($0) }
            && !value.utf8.contains { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }
            && !HTTP2RequestProperty.connectionFields.contains(name)
    }
}
