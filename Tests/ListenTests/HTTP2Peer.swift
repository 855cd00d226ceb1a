import Exchange
import Model
import NIOCore
import NIOEmbedded
import NIOHPACK
import NIOHTTP2

@testable import Listen

/// A client of HTTP/2 and its connection to a `ScriptedServer`, with nothing but memory between them.
///
/// The client is NIO's handler, too, so that frames are given and taken as values; `sendBytes` writes what that would refuse.
final class HTTP2Peer {
    /// What the client got, as short texts.
    enum Received: Equatable, CustomStringConvertible {
        case headers(Int, [String], isLast: Bool)
        case data(Int, String, isLast: Bool)
        case reset(Int, HTTP2ErrorCode)
        case goAway(Int, HTTP2ErrorCode)

        var description: String {
            switch self {
            case .headers(let id, let fields, let isLast): "HEADERS \(id) \(fields)\(isLast ? " END" : "")"
            case .data(let id, let text, let isLast): "DATA \(id) \(text)\(isLast ? " END" : "")"
            case .reset(let id, let code): "RST_STREAM \(id) \(code)"
            case .goAway(let id, let code): "GOAWAY \(id) \(code)"
            }
        }
    }

    let server: EmbeddedChannel
    private let client: EmbeddedChannel
    private let loop: EmbeddedEventLoop
    private(set) var received: [Received] = []
    /// WINDOW_UPDATE increments by stream.
    private(set) var windowUpdates: [Int: Int] = [:]

    init(_ scripted: ScriptedServer, settings: HTTP2Settings = []) throws {
        loop = scripted.loop
        server = try scripted.connect(http2: true)
        client = EmbeddedChannel(loop: loop)
        var configuration = NIOHTTP2Handler.ConnectionConfiguration()
        configuration.initialSettings = settings
        configuration.headerBlockValidation = .disabled
        configuration.contentLengthValidation = .disabled
        try client.pipeline.syncOperations.addHandler(
            NIOHTTP2Handler(mode: .client, connectionConfiguration: configuration)
        )
        try client.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 80)).wait()
        try exchangeBytes()
    }

    /// Carries bytes to and fro until both sides are silent.
    func exchangeBytes() throws {
        var isMoving = true
        while isMoving {
            isMoving = false
            loop.run()
            while let part = try client.readOutbound(as: IOData.self), case .byteBuffer(let bytes) = part {
                isMoving = true
                if server.isActive { try server.writeInbound(bytes) }
            }
            server.pipeline.fireChannelReadComplete()
            loop.run()
            while let bytes = try server.readOutbound(as: ByteBuffer.self) {
                isMoving = true
                try client.writeInbound(bytes)
            }
            client.pipeline.fireChannelReadComplete()
            while let frame = try client.readInbound(as: HTTP2Frame.self) { note(frame) }
        }
    }

    // MARK: What the client sends

    /// Bytes that no client of NIO's would send, past its handler.
    func sendBytes(_ bytes: [UInt8]) throws {
        try server.writeInbound(ByteBuffer(bytes: bytes))
        try exchangeBytes()
    }

    /// What the server answers to such bytes, which the client does not get to see.
    func answer(toBytes bytes: [UInt8]) throws -> [UInt8] {
        try server.writeInbound(ByteBuffer(bytes: bytes))
        loop.run()
        var answer: [UInt8] = []
        while let part = try server.readOutbound(as: ByteBuffer.self) { answer += Array(buffer: part) }
        return answer
    }

    func write(_ payload: HTTP2Frame.FramePayload, on id: Int) {
        client.write(HTTP2Frame(streamID: HTTP2StreamID(id), payload: payload), promise: nil)
    }

    func send(_ payload: HTTP2Frame.FramePayload, on id: Int) throws {
        write(payload, on: id)
        client.flush()
        try exchangeBytes()
    }

    func get(_ path: String = "/", on id: Int) throws { try request("GET", path, on: id, isLast: true) }

    func request(
        _ method: String,
        _ path: String = "/",
        _ fields: [(String, String)] = [],
        on id: Int,
        isLast: Bool = false
    ) throws {
        try send(headers: Self.head(method, path) + fields, on: id, isLast: isLast)
    }

    func send(headers: [(String, String)], on id: Int, isLast: Bool = true) throws {
        try send(.headers(.init(headers: HPACKHeaders(headers), endStream: isLast)), on: id)
    }

    func send(body: String, on id: Int, isLast: Bool = false) throws {
        try send(.data(.init(data: .byteBuffer(ByteBuffer(string: body)), endStream: isLast)), on: id)
    }

    static func head(_ method: String, _ path: String) -> [(String, String)] {
        [(":method", method), (":scheme", "http"), (":path", path), (":authority", "h.test")]
    }

    // MARK: What the client got

    /// What came since the last call.
    func take() -> [Received] {
        defer { received = [] }
        return received
    }

    private func note(_ frame: HTTP2Frame) {
        let id = Int(frame.streamID)
        switch frame.payload {
        case .headers(let content):
            let fields = content.headers.filter { $0.name != "date" && $0.name != "x-request-id" }
            received.append(.headers(id, fields.map { "\($0.name): \($0.value)" }, isLast: content.endStream))
        case .data(let content):
            guard case .byteBuffer(let bytes) = content.data else { return }
            received.append(.data(id, String(buffer: bytes), isLast: content.endStream))
        case .rstStream(let code): received.append(.reset(id, code))
        case .goAway(let last, let code, _): received.append(.goAway(Int(last), code))
        case .windowUpdate(let increment): windowUpdates[id, default: 0] += increment
        default: break
        }
    }
}
