import Crypto
import NIOCore
import RESP

/// A Lua script, which is sent by its digest and loaded where a server does not know it.
public struct RedisScript: Sendable {
    /// The SHA-1 of the source in lower-case hexadecimal, by which servers name scripts.
    public let digest: String
    /// `SCRIPT LOAD` with the source.
    let load: ByteBuffer

    /// Makes a script.
    /// - Parameter source: the Lua text. What it reads and writes must all be in its keys.
    public init(_ source: String) {
        let hexadecimal = Array("0123456789abcdef".utf8)
        var digits: [UInt8] = []
        for byte in Insecure.SHA1.hash(data: Array(source.utf8)) {
            digits.append(hexadecimal[Int(byte >> 4)])
            digits.append(hexadecimal[Int(byte & 15)])
        }
        digest = String(decoding: digits, as: UTF8.self)
        load = RedisCommand("SCRIPT", "LOAD", source).bytes
    }
}
