/// What a TLS client says of itself in its first message (RFC 8446, 4.1.2), as far as a certificate is chosen by it.
public struct ClientHello: Sendable, Equatable {
    /// The host that the client wants (RFC 6066, 3), in lower case; `nil` when it names none that a host could have.
    public var serverName: String?
    /// The signature schemes that the client takes, in its order.
    public var signatureSchemes: [UInt16] = []
    /// Whether TLS 1.3 is among the client's versions.
    public var offersTLS13 = false
    /// Whether a TLS 1.2 cipher suite for certificates other than RSA ones is among the client's.
    public var offersECDSASuites = false

    /// Makes a message that says nothing.
    public init() {}

    /// Whether the client can verify a signature of this scheme: TLS 1.3 asks for nothing but the scheme, TLS 1.2 for a
    /// cipher suite, too.
    public func accepts(signatureScheme scheme: UInt16) -> Bool {
        signatureSchemes.contains(scheme) && (offersTLS13 || offersECDSASuites)
    }
}

/// How far the first bytes of a connection have been understood.
public enum ClientHelloProgress: Sendable, Equatable {
    /// More bytes are needed to tell.
    case needsMore
    /// A whole message.
    case hello(ClientHello)
    /// Bytes that are no ClientHello, or one that is too long or malformed. What they deserve is left to the TLS
    /// implementation, which has an alert for each case.
    case unreadable
}

/// Reads a ClientHello without taking part in the handshake.
///
/// It is given all bytes of the connection each time, so that it needs no state. While the message is incomplete only
/// the records' heads are looked at.
public enum ClientHelloParser {
    /// A ClientHello of this length, with the heads of its records, is read; a longer one is not looked at.
    public static let mostBytes = 16_384

    private static let recordHead = 5
    private static let messageHead = 4

    /// Reads the bytes that a connection began with.
    public static func parse(_ received: Span<UInt8>) -> ClientHelloProgress {
        let bytes = received.extracting(0..<min(received.count, mostBytes))
        guard bytes.count > 0 else { return .needsMore }
        guard bytes[0] == ContentType.handshake else { return .unreadable }
        var fragments = Fragments()
        guard let first = fragments.next(in: bytes) else {
            return fragments.isMalformed ? .unreadable : incomplete(bytes)
        }
        // Nearly always one record holds the whole message, and nothing is copied.
        if let length = messageLength(bytes, in: first) {
            if length > mostBytes || bytes[first.lowerBound] != HandshakeType.clientHello { return .unreadable }
            if first.count >= length {
                return read(bytes, first.lowerBound + messageHead..<first.lowerBound + length)
            }
        }
        return joined(bytes, first: first, &fragments)
    }

    /// A message of several records is put together.
    private static func joined(
        _ bytes: Span<UInt8>,
        first: Range<Int>,
        _ fragments: inout Fragments
    ) -> ClientHelloProgress {
        var message: [UInt8] = []
        var next: Range<Int>? = first
        while let fragment = next {
            for index in fragment { message.append(bytes[index]) }
            if let length = messageLength(message.span, in: 0..<message.count) {
                if length > mostBytes || message[0] != HandshakeType.clientHello { return .unreadable }
                if message.count >= length { return read(message.span, messageHead..<length) }
            }
            next = fragments.next(in: bytes)
        }
        return fragments.isMalformed ? .unreadable : incomplete(bytes)
    }

    private static func incomplete(_ bytes: Span<UInt8>) -> ClientHelloProgress {
        bytes.count < mostBytes ? .needsMore : .unreadable
    }

    /// The length of a handshake message with its head, once that is there.
    private static func messageLength(_ bytes: Span<UInt8>, in range: Range<Int>) -> Int? {
        guard range.count >= messageHead else { return nil }
        let start = range.lowerBound
        return messageHead + Int(bytes[start + 1]) << 16 + Int(bytes[start + 2]) << 8 + Int(bytes[start + 3])
    }

    private static func read(_ bytes: Span<UInt8>, _ body: Range<Int>) -> ClientHelloProgress {
        var hello = ClientHello()
        do throws(Truncation) {
            try hello.read(Fields(body), of: bytes)
            return .hello(hello)
        } catch {
            return .unreadable
        }
    }
}

private enum ContentType {
    static let handshake: UInt8 = 22
}

private enum HandshakeType {
    static let clientHello: UInt8 = 1
}

/// The parts of a message, one in each complete record (RFC 8446, 5.1).
private struct Fragments {
    private var offset = 0
    /// Whether a record was met that can't carry a part of a ClientHello.
    private(set) var isMalformed = false

    /// Where the next part stands; `nil` when its record is incomplete or malformed.
    mutating func next(in bytes: Span<UInt8>) -> Range<Int>? {
        guard bytes.count >= offset + 5 else { return nil }
        let length = Int(bytes[offset + 3]) << 8 | Int(bytes[offset + 4])
        guard bytes[offset] == ContentType.handshake, bytes[offset + 1] == 3, (1...16_384).contains(length) else {
            isMalformed = true
            return nil
        }
        guard bytes.count >= offset + 5 + length else { return nil }
        defer { offset += 5 + length }
        return offset + 5..<offset + 5 + length
    }
}

// MARK: The message

extension ClientHello {
    /// Extensions that matter here (IANA: TLS ExtensionType Values).
    private enum ExtensionType {
        static let serverName: UInt16 = 0
        static let signatureAlgorithms: UInt16 = 13
        static let supportedVersions: UInt16 = 43
    }

    private static let tls13: UInt16 = 0x0304

    /// TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, …AES_256_GCM_SHA384 and …CHACHA20_POLY1305_SHA256.
    private static func isECDSASuite(_ suite: UInt16) -> Bool { suite == 0xC02B || suite == 0xC02C || suite == 0xCCA9 }

    /// Reads the body of a ClientHello: version, random, session id, cipher suites, compression methods, extensions.
    fileprivate mutating func read(_ body: Fields, of bytes: Span<UInt8>) throws(Truncation) {
        var body = body
        try body.skip(2 + 32)
        _ = try body.vector8(bytes)
        var suites = try body.vector16(bytes)
        while !suites.isEmpty {
            if Self.isECDSASuite(try suites.number(bytes)) { offersECDSASuites = true }
        }
        _ = try body.vector8(bytes)
        // A client of TLS 1.2 may do without extensions.
        if body.isEmpty { return }
        var extensions = try body.vector16(bytes)
        while !extensions.isEmpty {
            let type = try extensions.number(bytes)
            var content = try extensions.vector16(bytes)
            switch type {
            case ExtensionType.serverName: try readServerName(&content, bytes)
            case ExtensionType.signatureAlgorithms: try readSchemes(&content, bytes)
            case ExtensionType.supportedVersions:
                var versions = try content.vector8(bytes)
                while !versions.isEmpty { if try versions.number(bytes) == Self.tls13 { offersTLS13 = true } }
            default: break
            }
        }
    }

    private mutating func readServerName(_ content: inout Fields, _ bytes: Span<UInt8>) throws(Truncation) {
        var names = try content.vector16(bytes)
        while !names.isEmpty {
            let isHost = try names.byte(bytes) == 0
            let name = try names.vector16(bytes)
            if isHost, serverName == nil { serverName = name.hostName(bytes) }
        }
    }

    private mutating func readSchemes(_ content: inout Fields, _ bytes: Span<UInt8>) throws(Truncation) {
        var schemes = try content.vector16(bytes)
        signatureSchemes.reserveCapacity(16)
        while !schemes.isEmpty { signatureSchemes.append(try schemes.number(bytes)) }
    }
}

/// A field ends before its length says so.
private struct Truncation: Error {}

/// A part of a message whose fields are read one after the other.
private struct Fields {
    private var start: Int
    private let end: Int

    init(_ range: Range<Int>) {
        start = range.lowerBound
        end = range.upperBound
    }

    var isEmpty: Bool { start == end }

    mutating func skip(_ count: Int) throws(Truncation) {
        guard end - start >= count else { throw Truncation() }
        start += count
    }

    mutating func byte(_ bytes: Span<UInt8>) throws(Truncation) -> UInt8 {
        try skip(1)
        return bytes[start - 1]
    }

    mutating func number(_ bytes: Span<UInt8>) throws(Truncation) -> UInt16 {
        try skip(2)
        return UInt16(bytes[start - 2]) << 8 | UInt16(bytes[start - 1])
    }

    /// What follows its length in one byte.
    mutating func vector8(_ bytes: Span<UInt8>) throws(Truncation) -> Fields {
        let count = Int(try byte(bytes))
        try skip(count)
        return Fields(start - count..<start)
    }

    /// What follows its length in two bytes.
    mutating func vector16(_ bytes: Span<UInt8>) throws(Truncation) -> Fields {
        let count = Int(try number(bytes))
        try skip(count)
        return Fields(start - count..<start)
    }

    /// The bytes as the name of a host in lower case, without a full stop at its end.
    func hostName(_ bytes: Span<UInt8>) -> String? {
        guard (1...255).contains(end - start) else { return nil }
        var name: [UInt8] = []
        name.reserveCapacity(end - start)
        for index in start..<end {
            let byte = bytes[index]
            guard Characters.isHostName(byte) else { return nil }
            let isUpperCase = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            name.append(isUpperCase ? byte | 0x20 : byte)
        }
        if name.last == UInt8(ascii: ".") { name.removeLast() }
        return name.isEmpty ? nil : String(decoding: name, as: UTF8.self)
    }
}
