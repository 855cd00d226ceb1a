public import NIOCore

/// What a proxy in front of the gateway says of a connection before the client's first byte (PROXY protocol, versions 1
/// and 2: HAProxy's `proxy-protocol.txt`).
public enum ProxyHeader: Equatable, Sendable {
    /// The connection is the proxy's own (LOCAL), or it does not say whose (UNKNOWN, UNSPEC, no IP): the socket's
    /// addresses hold.
    case socket
    /// The proxy speaks for a client that connected from `source` to `destination`. Both are of one family.
    case client(source: SocketAddress, destination: SocketAddress)

    /// How far a header got.
    public enum Progress: Equatable, Sendable {
        /// A whole header of so many bytes.
        case complete(ProxyHeader, length: Int)
        /// More bytes are needed.
        case incomplete
    }

    /// The most bytes of a header of version 2, its extensions included.
    public static let maximumLength = 8_192

    /// Reads a header from a connection's first bytes. Nothing is remembered: until it is complete, give all bytes again.
    public static func parse(_ bytes: Span<UInt8>) throws(ProxyHeaderFault) -> Progress {
        guard !bytes.isEmpty else { return .incomplete }
        return bytes[0] == UInt8(ascii: "P") ? try ProxyHeaderText.parse(bytes) : try ProxyHeaderBinary.parse(bytes)
    }
}

/// Why a connection's first bytes are no PROXY protocol header. The connection is closed without an answer, since its sender
/// is not known.
public enum ProxyHeaderFault: String, Error, Sendable, CaseIterable {
    /// Something else comes first; often a client that reached the port without the proxy.
    case missing
    /// Version 1: the line is not made as it should be.
    case line
    /// Version 1: the line is longer than 107 bytes.
    case lineTooLong = "line-too-long"
    /// An address is not numeric, or not of the family that was named.
    case address
    /// A port is not a number up to 65535.
    case port
    /// Version 2: another version or command.
    case command
    /// Version 2: a family or transport that is not assigned.
    case family
    /// Version 2: fewer bytes than the family's addresses take, or more than are allowed, or extensions that do not fill the rest.
    case length
}
