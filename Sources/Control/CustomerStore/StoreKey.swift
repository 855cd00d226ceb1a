public import Credentials
import Crypto
import Foundation

/// The key under which a store keeps the hashes of API keys: a file beside it that only its owner can read.
public enum StoreKey {
    /// Why a key can't be used.
    public enum Fault: Error, Sendable, Hashable {
        /// It is not 64 hexadecimal digits.
        case malformed(path: String)
        /// Others than its owner can read it.
        case readableByOthers(path: String)
    }

    /// Reads the key, or makes one.
    /// - Throws: a `Fault`, or what the system says.
    public static func fingerprinter(at path: String) throws -> KeyFingerprinter {
        guard let key = Hexadecimal.decode(try text(at: path)), let fingerprinter = KeyFingerprinter(key: key) else {
            throw Fault.malformed(path: path)
        }
        return fingerprinter
    }

    /// Reads a key as its 64 hexadecimal digits, or makes one.
    /// - Throws: a `Fault`, or what the system says.
    public static func text(at path: String) throws -> String {
        let files = FileManager.default
        if !files.fileExists(atPath: path) {
            var random = SystemRandomNumberGenerator()
            let key = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            // Two processes may start at once: who comes second takes what the first has made.
            let made = path + ".\(ProcessInfo.processInfo.processIdentifier)"
            let isMade = files.createFile(
                atPath: made,
                contents: Data((Hexadecimal.encode(key) + "\n").utf8),
                attributes: [.posixPermissions: 0o600]
            )
            guard isMade else { throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: path]) }
            defer { try? files.removeItem(atPath: made) }
            do {
                try files.linkItem(atPath: made, toPath: path)
            } catch {
                guard files.fileExists(atPath: path) else { throw error }
            }
        }
        let permissions = try files.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        guard let permissions, permissions & 0o077 == 0 else { throw Fault.readableByOthers(path: path) }
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let digits = text.filter { $0 != "\n" }
        guard digits.utf8.count == 64, Hexadecimal.decode(digits) != nil else { throw Fault.malformed(path: path) }
        return digits
    }

    /// The keys under which secrets are kept that have to be read again; `nil` when there are none. Each is called by its hash, so
    /// that a key and what it has sealed find each other whatever stands before it.
    /// - Parameter texts: 64 hexadecimal digits each; the first one seals.
    /// - Throws: when a text is no key, or stands there twice.
    public static func sealing(_ texts: [String]) throws(SealingFault) -> SealingKeys? {
        var keys: [(id: String, key: [UInt8])] = []
        for text in texts {
            guard let key = Hexadecimal.decode(text) else { throw .wrongKeySize }
            let digest = SHA256.hash(data: Array("daemun sealing key ".utf8) + key)
            keys.append((Hexadecimal.encode(digest.prefix(8)), key))
        }
        guard let first = keys.first else { return nil }
        return try SealingKeys(current: first, earlier: Array(keys.dropFirst()))
    }
}
