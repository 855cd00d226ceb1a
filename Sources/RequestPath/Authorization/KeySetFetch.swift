import Credentials
import FoundationEssentials
import Model
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Fetches key sets, on loops of their own: one connection, one GET, and all of the answer within a time. Redirects are not
/// followed, since they could lead to a server that nobody has named.
enum KeySetFetch {
    static let timeout = TimeAmount.seconds(5)
    static let mostBytes = 512 << 10

    /// The document of a source.
    static func document(of source: KeySource) async throws(KeyFetchFault) -> [UInt8] {
        switch source {
        case .keySet(let url): return try await get(url)
        case .issuer(let issuer):
            let base = issuer.hasSuffix("/") ? String(issuer.dropLast()) : issuer
            let found = try await get(base + "/.well-known/openid-configuration")
            guard let document = try? JSONDocument(found, limits: .keySet),
                document.root["issuer"]?.textEquals(Array(issuer.utf8)) == true,
                let url = document.root["jwks_uri"]?.text
            else { throw .notADiscovery }
            return try await get(url)
        }
    }

    private static func get(_ text: String) async throws(KeyFetchFault) -> [UInt8] {
        guard KeyServer.mayBeAsked(text), let url = FetchURL(text) else { throw .notAURL }
        let tls: NIOSSLContext?
        do { tls = try url.isSecure ? context() : nil } catch { throw .unreachable }
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let answer = loop.makePromise(of: [UInt8].self)
        let timer = loop.scheduleTask(in: timeout) { answer.fail(KeyFetchFault.timeout) }
        defer { timer.cancel() }
        let connecting = ClientBootstrap(group: loop)
            .connectTimeout(timeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls {
                        let name = isNumeric(url.host) ? nil : url.host
                        try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name))
                    }
                    try pipeline.addHTTPClientHandlers()
                    try pipeline.addHandler(KeySetReader(url, answer))
                }
            }
            .connect(host: url.host, port: url.port)
        connecting.whenFailure { _ in answer.fail(KeyFetchFault.unreachable) }
        let result: Result<[UInt8], any Error>
        do { result = .success(try await answer.futureResult.get()) } catch { result = .failure(error) }
        if let channel = try? await connecting.get() { channel.close(promise: nil) }
        switch result {
        case .success(let bytes): return bytes
        case .failure(let error): throw error as? KeyFetchFault ?? .unreachable
        }
    }

    /// Whether a host is an address, which no certificate is asked for by name.
    static func isNumeric(_ host: String) -> Bool { IPAddress(host) != nil }

    /// TLS of version 1.2 or 1.3, to servers that the system's authorities vouch for.
    static func context() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        // Our own static builds carry no authorities; the system's are where OpenSSL's variable says, or the usual file is.
        let named = ProcessInfo.processInfo.environment["SSL_CERT_FILE"]
        let files = [
            named, "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
            "/etc/pki/tls/certs/ca-bundle.crt", "/var/lib/ca-certificates/ca-bundle.pem", "/etc/ssl/cert.pem",
        ]
        if let file = files.compactMap(\.self).first(where: { FileManager.default.isReadableFile(atPath: $0) }) {
            configuration.trustRoots = .file(file)
        }
        return try NIOSSLContext(configuration: configuration)
    }
}

/// The parts of a URL that a request is made of.
struct FetchURL: Sendable, Hashable {
    let isSecure: Bool
    /// Without brackets.
    let host: String
    let port: Int
    /// What `Host` says.
    let authority: String
    /// Path and query.
    let target: String

    init?(_ text: String) {
        if text.hasPrefix("https://") {
            isSecure = true
        } else if text.hasPrefix("http://") {
            isSecure = false
        } else {
            return nil
        }
        guard text.utf8.allSatisfy({ (0x21..<0x7F).contains($0) }) else { return nil }
        let rest = text.dropFirst(isSecure ? 8 : 7).prefix { $0 != "#" }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard !authority.isEmpty, !authority.contains("@") else { return nil }
        let isBracketed = authority.hasPrefix("[")
        let name = isBracketed ? authority.dropFirst().prefix { $0 != "]" } : authority.prefix { $0 != ":" }
        let behind = authority.dropFirst(name.count + (isBracketed ? 2 : 0))
        guard !name.isEmpty, behind.isEmpty || behind.hasPrefix(":") else { return nil }
        guard let port = behind.isEmpty ? (isSecure ? 443 : 80) : Int(behind.dropFirst()), (1...65_535).contains(port)
        else { return nil }
        host = String(name)
        self.port = port
        self.authority = String(authority)
        let path = rest.dropFirst(authority.count)
        target = path.isEmpty ? "/" : path.hasPrefix("/") ? String(path) : "/" + path
    }
}

/// Sends one request and gathers its answer.
private final class KeySetReader: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let url: FetchURL
    private let answer: EventLoopPromise<[UInt8]>
    private var body: [UInt8] = []

    init(_ url: FetchURL, _ answer: EventLoopPromise<[UInt8]>) {
        self.url = url
        self.answer = answer
    }

    func channelActive(context: ChannelHandlerContext) {
        let fields: HTTPHeaders = [
            "Host": url.authority, "Accept": "application/json", "User-Agent": "daemun", "Connection": "close",
        ]
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: url.target, headers: fields)
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head(let head):
            if head.status.code >= 200, head.status != .ok { fail(.status(Int(head.status.code)), context) }
        case .body(let part):
            guard body.count + part.readableBytes <= KeySetFetch.mostBytes else { return fail(.tooLarge, context) }
            body += part.readableBytesView
        case .end: answer.succeed(body)
        }
    }

    func channelInactive(context: ChannelHandlerContext) { answer.fail(KeyFetchFault.unreachable) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { fail(.unreachable, context) }

    private func fail(_ fault: KeyFetchFault, _ context: ChannelHandlerContext) {
        answer.fail(fault)
        context.close(promise: nil)
    }
}
