import Exchange
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Asks one HTTP service, over connections that are kept open for the next question. Confined to a worker's loop.
final class ServiceClient {
    private let service: ServiceAddress
    private let timeout: TimeAmount
    private let eventLoop: any EventLoop
    private var idle: [ServiceConnection] = []

    /// Connections that wait for a question, at most.
    private static let mostIdle = 16

    init(_ service: ServiceAddress, timeout: TimeAmount, on eventLoop: any EventLoop) {
        self.service = service
        self.timeout = timeout
        self.eventLoop = eventLoop
    }

    deinit {
        for connection in idle { connection.close() }
    }

    /// Posts a body.
    /// - Parameter completion: is told what came of it, once, on the loop.
    func ask(_ body: ByteBuffer, completion: @escaping (Result<ServiceAnswer, ServiceFault>) -> Void) {
        let question = ServiceQuestion(body, completion)
        question.timer = eventLoop.assumeIsolated().scheduleTask(in: timeout) { question.end(.failure(.timeout)) }
        send(question)
    }

    private func send(_ question: ServiceQuestion) {
        while let connection = idle.popLast() {
            guard connection.isOpen else { continue }
            return connection.send(question, to: service, for: self, isReused: true)
        }
        connect(for: question)
    }

    private func connect(for question: ServiceQuestion) {
        let tls = service.tls
        let host = service.url.host
        ClientBootstrap(group: eventLoop)
            .connectTimeout(timeout)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls {
                        let name = ServiceAddress.isNumeric(host) ? nil : host
                        try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name))
                    }
                    try pipeline.addHTTPClientHandlers()
                    try pipeline.addHandler(ServiceConnection())
                }
            }
            .connect(host: host, port: service.url.port)
            .assumeIsolated()
            .whenComplete { [self] result in
                guard case .success(let channel) = result,
                    let connection = try? channel.pipeline.syncOperations.handler(type: ServiceConnection.self)
                else { return question.end(.failure(.unreachable)) }
                if question.hasEnded { return keep(connection) }
                connection.send(question, to: service, for: self, isReused: false)
            }
    }

    /// A connection has been answered, and serves another question.
    func keep(_ connection: ServiceConnection) {
        guard idle.count < Self.mostIdle else { return connection.close() }
        idle.append(connection)
    }

    /// A connection was closed before anything of an answer came. One that had served other questions may have been closed before
    /// this one reached the service.
    func broke(_ question: ServiceQuestion, wasReused: Bool) {
        idle.removeAll { !$0.isOpen }
        if wasReused, !question.hasEnded { return connect(for: question) }
        question.end(.failure(.unreachable))
    }
}

/// Where a service is, and whom to trust to be it.
struct ServiceAddress: Sendable {
    let url: FetchURL
    /// `nil` over plain http.
    let tls: NIOSSLContext?

    /// - Throws: what keeps the system's authorities from being read.
    init(_ url: FetchURL) throws {
        self.url = url
        tls = url.isSecure ? try KeySetFetch.context() : nil
    }

    static func isNumeric(_ host: String) -> Bool { KeySetFetch.isNumeric(host) }
}

/// An answer as it came.
struct ServiceAnswer: Sendable {
    var status: Int
    var body: [UInt8]
}

/// Why there is no answer.
enum ServiceFault: Error, Sendable {
    case unreachable
    case timeout
    case tooLarge
}

/// A question on its way, and who waits for its answer.
final class ServiceQuestion {
    let body: ByteBuffer
    var timer: Scheduled<Void>?
    weak var connection: ServiceConnection?
    private var completion: ((Result<ServiceAnswer, ServiceFault>) -> Void)?

    init(_ body: ByteBuffer, _ completion: @escaping (Result<ServiceAnswer, ServiceFault>) -> Void) {
        self.body = body
        self.completion = completion
    }

    var hasEnded: Bool { completion == nil }

    /// Tells what came of it. Without an answer its connection can serve no other.
    func end(_ result: Result<ServiceAnswer, ServiceFault>) {
        guard let completion else { return }
        self.completion = nil
        timer?.cancel()
        if case .failure = result { connection?.close() }
        completion(result)
    }
}

/// One connection to a service, and the question that it serves.
final class ServiceConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private var channel: (any Channel)?
    private var question: ServiceQuestion?
    private weak var client: ServiceClient?
    private var wasReused = false
    private var hasAnswerBegun = false
    private var keepsAlive = false
    private var answer = ServiceAnswer(status: 0, body: [])

    private static let mostBytes = 64 << 10

    var isOpen: Bool { channel?.isActive == true }

    func handlerAdded(context: ChannelHandlerContext) { channel = context.channel }

    func close() { channel?.close(promise: nil) }

    func send(_ question: ServiceQuestion, to service: ServiceAddress, for client: ServiceClient, isReused: Bool) {
        self.question = question
        self.client = client
        question.connection = self
        wasReused = isReused
        hasAnswerBegun = false
        answer = ServiceAnswer(status: 0, body: [])
        let fields: HTTPHeaders = [
            "Host": service.url.authority, "Accept": "application/json", "Content-Type": "application/json",
            "Content-Length": "\(question.body.readableBytes)", "User-Agent": "daemun",
        ]
        let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: service.url.target, headers: fields)
        guard let pipeline = channel?.pipeline.syncOperations else { return question.end(.failure(.unreachable)) }
        pipeline.write(NIOAny(Self.part(.head(head))), promise: nil)
        pipeline.write(NIOAny(Self.part(.body(.byteBuffer(question.body)))), promise: nil)
        pipeline.writeAndFlush(NIOAny(Self.part(.end(nil))), promise: nil)
    }

    private static func part(_ part: HTTPClientRequestPart) -> HTTPClientRequestPart { part }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head(let head):
            hasAnswerBegun = true
            answer.status = Int(head.status.code)
            keepsAlive = head.isKeepAlive
        case .body(let part):
            guard answer.body.count + part.readableBytes <= Self.mostBytes else {
                question?.end(.failure(.tooLarge))
                return
            }
            answer.body += part.readableBytesView
        case .end:
            guard answer.status >= 200, let question else { return }
            self.question = nil
            if keepsAlive, let client { client.keep(self) } else { close() }
            question.end(.success(answer))
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        let question = self.question
        self.question = nil
        channel = nil
        if let question {
            if let client {
                client.broke(question, wasReused: wasReused && !hasAnswerBegun)
            } else {
                question.end(.failure(.unreachable))
            }
        }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
