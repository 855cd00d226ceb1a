import Exchange
import NIOCore

/// The name of what a request calls, as Amazon's policies know it:
/// `arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH`.
struct MethodARN: Sendable, Hashable {
    /// `arn:aws:execute-api:REGION:ACCOUNT:`
    let prefix: [UInt8]

    init(region: String, account: String) { prefix = Array("arn:aws:execute-api:\(region):\(account):".utf8) }

    /// The name of what a routed request calls.
    func bytes(of exchange: Exchange) -> [UInt8] {
        var bytes: [UInt8] = []
        let path = exchange.path
        let method = exchange.request.method
        bytes.reserveCapacity(prefix.count + 80 + Int(path.range.count))
        bytes += prefix
        if let route = exchange.route {
            bytes += route.api.utf8
            bytes.append(UInt8(ascii: "/"))
            bytes += route.stage.utf8
            bytes.append(UInt8(ascii: "/"))
        }
        let head = exchange.request.bytes
        Self.append(head.readableBytesUInt8Span.extracting(method.range), to: &bytes)
        let whole = path.buffer.readableBytesUInt8Span.extracting(path.range.range)
        let rest = whole.extracting(min(exchange.basePathEnd, whole.count)..<whole.count)
        if rest.isEmpty || rest[0] != UInt8(ascii: "/") { bytes.append(UInt8(ascii: "/")) }
        Self.append(rest, to: &bytes)
        return bytes
    }

    private static func append(_ span: Span<UInt8>, to bytes: inout [UInt8]) {
        for index in 0..<span.count { bytes.append(span[index]) }
    }
}
