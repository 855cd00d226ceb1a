import Credentials
import Crypto
public import NIOCore

/// Where nonces are kept that several gateways refuse together.
public protocol SharedNonces: Sendable {
    /// Uses a nonce.
    /// - Parameters:
    ///   - name: what it is kept under.
    ///   - milliseconds: for how long.
    ///   - loop: where the answer is wanted.
    func use(_ name: String, for milliseconds: Int64, on loop: any EventLoop) -> EventLoopFuture<SharedNonceAnswer>
}

/// What is known of a nonce that was to be used.
public enum SharedNonceAnswer: Sendable {
    /// Nobody had used it.
    case fresh
    /// Some gateway had.
    case used
    /// Nobody could be asked.
    case unavailable
}

/// Under what a nonce is kept: a hash of it and its key, 128 bits of SHA-256, so that neither its length nor its text matters.
struct SharedNonceName {
    let text: String

    init(_ nonce: String, of key: String) {
        // The length keeps the two apart.
        let hash = SHA256.hash(data: Array("\(key.utf8.count) \(key) \(nonce)".utf8))
        text = "daemun:nonce:" + Hexadecimal.encode(hash.prefix(16))
    }
}
