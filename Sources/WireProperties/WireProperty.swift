/// What must hold for every input of the codec, whoever made the input: a fuzzer, a seeded generator, or a file of an
/// earlier find. The raw value is the name of the fuzz target, and of its folders of inputs.
public enum WireProperty: String, CaseIterable, Sendable {
    /// `RequestParser` and the writer of what it parsed.
    case requestHead = "FuzzRequestHead"
    /// `RequestParser` on the fields of an HTTP/2 request.
    case http2Request = "FuzzHTTP2Request"
    /// `ResponseParser` and the writer of what it parsed.
    case responseHead = "FuzzResponseHead"
    /// `ResponseParser` on the fields of an HTTP/2 response.
    case http2Response = "FuzzHTTP2Response"
    /// `BodyDecoder` of chunked bodies, `TrailerFilter`, and the chunks written anew.
    case body = "FuzzBody"
    /// `WebSocketFrames`, and where `WebSocketPassage` ends them.
    case frames = "FuzzWebSocketFrames"
    /// `ProxyHeader`, both versions.
    case proxyHeader = "FuzzProxyHeader"
    /// `ClientHelloParser`.
    case clientHello = "FuzzClientHello"

    /// Holds the codec to the property for one input.
    public func check(_ input: [UInt8]) throws(Violation) {
        switch self {
        case .requestHead: try RequestHeadProperty.check(input)
        case .http2Request: try HTTP2RequestProperty.check(input)
        case .responseHead: try ResponseHeadProperty.check(input)
        case .http2Response: try HTTP2ResponseProperty.check(input)
        case .body: try BodyProperty.check(input)
        case .frames: try FramesProperty.check(input)
        case .proxyHeader: try ProxyHeaderProperty.check(input)
        case .clientHello: try ClientHelloProperty.check(input)
        }
    }
}
