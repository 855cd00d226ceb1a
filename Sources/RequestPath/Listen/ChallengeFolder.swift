import Exchange
import NIOCore
import NIOPosix

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The folder into which an ACME client such as certbot puts the answers to a certificate authority's challenges
/// (RFC 8555, 8.3): `PATH/TOKEN`, or `PATH/.well-known/acme-challenge/TOKEN` as certbot's `--webroot PATH` has it.
struct ChallengeFolder: Sendable {
    let path: String

    private static let prefix = "/.well-known/acme-challenge/"
    /// A token has at least 128 bits in base64url and no more than a few dozen characters.
    private static let mostCharacters = 128
    /// The answer is the token, a full stop and a hash.
    private static let mostBytes = 1_024

    /// The token that a request asks for; `nil` when it is about something else. Other characters than those of a token
    /// make it another path, so that none can lead out of the folder.
    static func token(in request: RequestHead) -> String? {
        let range = request.path
        guard range.count > prefix.utf8.count else { return nil }
        let path = request.bytes.readableBytesUInt8Span.extracting(range.range)
        let wanted = prefix.utf8.span
        for index in 0..<wanted.count where path[index] != wanted[index] { return nil }
        let token = path.extracting(wanted.count..<path.count)
        guard token.count <= mostCharacters else { return nil }
        for index in 0..<token.count where !isTokenCharacter(token[index]) { return nil }
        let method = String(buffer: request.bytes(of: request.method))
        guard method == "GET" || method == "HEAD" else { return nil }
        let start = range.end - token.count
        return request.bytes.getString(at: request.bytes.readerIndex + start, length: token.count)
    }

    private static func isTokenCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// Answers with the token's file, which is read on another thread.
    func answer(_ exchange: Exchange, token: String) {
        let call = ChallengeCall(exchange)
        exchange.integration = call
        NIOThreadPool.singleton.runIfActive(eventLoop: exchange.worker.eventLoop) { content(of: token) }
            .assumeIsolated()
            .whenComplete { call.end(with: (try? $0.get()) ?? nil) }
    }

    private func content(of token: String) -> ByteBuffer? {
        Self.file("\(path)/\(token)") ?? Self.file("\(path)\(Self.prefix)\(token)")
    }

    /// A small regular file's content. Neither a link nor anything that would block is followed.
    private static func file(_ path: String) -> ByteBuffer? {
        let descriptor = unsafe open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        var buffer = ByteBufferAllocator().buffer(capacity: mostBytes)
        unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: mostBytes) { memory in
            unsafe max(0, read(descriptor, memory.baseAddress, min(memory.count, mostBytes)))
        }
        return buffer.readableBytes > 0 ? buffer : nil
    }
}

/// A call that waits for a challenge's file.
private final class ChallengeCall: IntegrationCall {
    /// `nil` when the client has gone, whose exchange serves others then.
    private var exchange: Exchange?

    init(_ exchange: Exchange) { self.exchange = exchange }

    func end(with content: ByteBuffer?) {
        guard let exchange else { return }
        self.exchange = nil
        let client = exchange.client
        if let content {
            let type = ReplyField("Content-Type", "application/octet-stream")
            client?.send(Reply(status: 200, fields: [type], body: content))
        } else {
            exchange.refuse(Refusal(status: 404, cause: "acme.no-such-token"))
        }
        client?.flush()
    }

    func receiveBody(_ part: ByteBuffer) -> Bool { false }

    func receiveEnd(trailers: ByteBuffer?) {}

    func flush() {}

    func setClientWritable(_ isWritable: Bool) {}

    func cancel() { exchange = nil }
}
