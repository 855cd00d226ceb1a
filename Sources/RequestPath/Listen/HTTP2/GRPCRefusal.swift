import Exchange
import NIOCore
import NIOHPACK

/// The gateway's "no" as a gRPC client understands it: a response of status 200 that consists of trailers alone.
enum GRPCRefusal {
    /// Whether a request is one of gRPC: `application/grpc`, `application/grpc+proto`, ….
    static func isExpected(by request: borrowing RequestHead) -> Bool {
        guard let field = request.section.first(.contentType) else { return false }
        let prefix: StaticString = "application/grpc"
        let bytes = request.bytes
        let value = bytes.readableBytesUInt8Span.extracting(field.value.range)
        guard value.count >= prefix.utf8CodeUnitCount else { return false }
        for index in 0..<prefix.utf8CodeUnitCount where unsafe value[index] != prefix.utf8Start[index] { return false }
        guard value.count > prefix.utf8CodeUnitCount else { return true }
        let next = value[prefix.utf8CodeUnitCount]
        return next == UInt8(ascii: "+") || next == UInt8(ascii: ";")
    }

    /// The fields of the response. The text is the refusal's cause and message.
    static func fields(for refusal: Refusal) -> HPACKHeaders {
        var fields = HPACKHeaders()
        fields.reserveCapacity(6 + refusal.fields.count)
        fields.add(name: ":status", value: "200")
        fields.add(name: "content-type", value: "application/grpc")
        fields.add(name: "grpc-status", value: "\(status(for: refusal.status))")
        fields.add(name: "grpc-message", value: encoded("\(refusal.cause): \(refusal.message)"))
        for field in refusal.fields { fields.add(name: field.name.lowercased(), value: field.value) }
        return fields
    }

    /// gRPC's own table from statuses of HTTP to its codes ("HTTP to gRPC Status Code Mapping").
    static func status(for status: Int) -> Int {
        switch status {
        case 400: 13
        case 401: 16
        case 403: 7
        case 404: 12
        case 429, 502, 503, 504: 14
        default: 2
        }
    }

    /// Percent-encoded as `grpc-message` has to be: all but printable ASCII, and the percent sign.
    static func encoded(_ text: String) -> String {
        var bytes = ByteBuffer()
        for byte in text.utf8 {
            if (0x20...0x7E).contains(byte), byte != UInt8(ascii: "%") {
                bytes.writeInteger(byte)
            } else {
                bytes.writeStaticString("%")
                bytes.writeHexByte(byte)
            }
        }
        return String(buffer: bytes)
    }
}
