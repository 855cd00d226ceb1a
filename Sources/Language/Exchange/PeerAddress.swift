public import NIOCore

/// A client's numeric address, as bytes and as text, without a heap allocation.
public struct PeerAddress: Sendable {
    /// The address in network order; 4 or 16 bytes are valid.
    private var bytes = InlineArray<16, UInt8>(repeating: 0)
    /// The text (RFC 5952 for IPv6); at most 45 bytes.
    private var text = InlineArray<46, UInt8>(repeating: 0)
    private var byteCount: UInt8 = 0
    private var textCount: UInt8 = 0
    /// Whether the socket's peer is one of the model's trusted proxies.
    public var isTrusted = false

    /// An unknown address; its text is empty.
    public init() {}

    /// Makes an address from its text as the system writes it, and its bytes. Texts over 45 bytes are cut.
    public init(text source: Span<UInt8>, bytes address: Span<UInt8>) {
        byteCount = UInt8(min(address.count, 16))
        for index in 0..<Int(byteCount) { bytes[index] = address[index] }
        textCount = UInt8(min(source.count, 45))
        for index in 0..<Int(textCount) { text[index] = source[index] }
    }

    /// Whether the address is IPv6, so that `Forwarded` has to quote it.
    public var isVersion6: Bool { byteCount == 16 }

    /// Gives the text to `body`.
    public func withText(_ body: (RawSpan) -> Void) {
        unsafe body(text.span.extracting(0..<Int(textCount)).bytes)
    }

    /// Writes the text.
    public func write(to buffer: inout ByteBuffer) {
        withText { _ = buffer.writeBytes($0) }
    }

    /// Gives the address's bytes to `body`.
    public func withBytes<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
        body(bytes.span.extracting(0..<Int(byteCount)))
    }

    /// The text.
    public var description: String {
        var buffer = ByteBuffer()
        write(to: &buffer)
        return String(buffer: buffer)
    }
}
