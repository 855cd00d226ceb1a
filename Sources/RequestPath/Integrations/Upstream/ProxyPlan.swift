import Exchange
public import Model
import NIOCore

/// A route's HTTP proxy integration, ready for use by all workers.
public final class ProxyPlan: Sendable {
    /// One piece of the path that the backend is asked for.
    enum PathPart: Sendable {
        case literal(ByteBuffer)
        /// The route's parameter at this position.
        case parameter(Int)
    }

    /// How long the parts of an attempt may take, in nanoseconds. Each call has a copy: all workers share the plan, so that
    /// counting references to it makes them wait for one another.
    struct Timeouts: Sendable {
        var connect: UInt64 = 0
        var firstByte: UInt64 = 0
        var idle: UInt64 = 0
        var total: UInt64 = 0
    }

    /// What ends a WebSocket connection, in nanoseconds.
    struct WebSocket: Sendable {
        var idle: UInt64
        var longest: UInt64
    }

    /// Position of the backend in the snapshot.
    public let backend: Int
    /// The backend's name.
    public let backendName: String
    /// `nil` asks for the request's own path.
    let path: [PathPart]?
    let stripsBasePath: Bool
    /// What stands before the rest of the request's own path instead of a base path that is taken off.
    let prefix: ByteBuffer?
    let method: ByteBuffer?
    let host: HostHeader
    let timeouts: Timeouts
    /// `nil` when WebSocket handshakes are forwarded like any other request.
    let webSocket: WebSocket?

    /// Compiles an integration.
    /// - Parameters:
    ///   - integration: what the route's definition says.
    ///   - backend: position of its backend in the snapshot.
    ///   - parameters: the route's parameter names in order.
    ///   - stripsBasePath: whether the API's base path is taken off a forwarded path.
    ///   - prefix: what takes its place then, in canonical form; empty for nothing.
    /// - Throws: a fault when the path names a parameter that the route does not have, or the method is HEAD.
    public init(
        _ integration: HTTPProxyIntegration,
        backend: Int,
        parameters: [String],
        stripsBasePath: Bool,
        prefix: [UInt8] = []
    ) throws(Fault) {
        // The answer to HEAD has no body, and so can't answer another method.
        guard integration.method != "HEAD" else {
            throw Fault("a request's method can't be replaced by HEAD", text: "HEAD")
        }
        self.backend = backend
        backendName = integration.backend
        self.stripsBasePath = stripsBasePath
        self.prefix = prefix.isEmpty ? nil : ByteBuffer(bytes: prefix)
        method = integration.method.map { ByteBuffer(string: $0) }
        host = integration.host
        timeouts = Timeouts(
            connect: integration.timeouts.connect.nanoseconds,
            firstByte: integration.timeouts.firstByte.nanoseconds,
            idle: integration.timeouts.idle.nanoseconds,
            total: integration.timeouts.total.nanoseconds
        )
        webSocket = integration.webSocket.map { passing in
            WebSocket(idle: passing.idle.nanoseconds, longest: passing.longest?.nanoseconds ?? .max)
        }
        switch integration.target {
        case .remainder: path = nil
        case .template(let template): path = try Self.parts(of: template, parameters)
        }
    }

    private static func parts(of template: PathTemplate, _ parameters: [String]) throws(Fault) -> [PathPart] {
        var parts: [PathPart] = []
        var literal = ""
        for segment in template.segments {
            literal += "/"
            switch segment {
            case .literal(let text): literal += text
            case .parameter(let name), .greedy(let name):
                guard let position = parameters.firstIndex(of: name) else {
                    throw Fault("the route has no parameter of this name", text: "{\(name)}")
                }
                parts.append(.literal(ByteBuffer(string: literal)))
                parts.append(.parameter(position))
                literal = ""
            }
        }
        if template.hasTrailingSlash || template.segments.isEmpty { literal += "/" }
        if !literal.isEmpty { parts.append(.literal(ByteBuffer(string: literal))) }
        return parts
    }
}
