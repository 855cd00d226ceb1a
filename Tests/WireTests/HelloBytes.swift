/// A ClientHello (RFC 8446, 4.1.2) to be written.
struct HelloBytes {
    var serverName: String?
    var signatureSchemes: [UInt16] = []
    /// The `supported_versions` extension; none when empty.
    var versions: [UInt16] = []
    var cipherSuites: [UInt16] = [0x1301]
    /// Bytes of a `padding` extension; none for 0.
    var padding = 0
    var hasExtensions = true

    /// The handshake message with its head.
    var message: [UInt8] {
        var body: [UInt8] = [3, 3] + Array(repeating: 7, count: 32)
        body += [32] + Array(repeating: 9, count: 32)
        body += vector16(numbers(cipherSuites)) + [1, 0]
        if hasExtensions { body += vector16(extensions) }
        return [1, UInt8(body.count >> 16), UInt8(body.count >> 8 & 255), UInt8(body.count & 255)] + body
    }

    /// The message in records of so many bytes.
    func records(of length: Int = 16_384) -> [UInt8] {
        let message = message
        return stride(from: 0, to: message.count, by: length).flatMap { start in
            [22, 3, 1] + vector16(Array(message[start..<min(start + length, message.count)]))
        }
    }

    private var extensions: [UInt8] {
        var bytes: [UInt8] = []
        // A value that RFC 8701 has clients send, so that nobody relies on knowing all extensions.
        bytes += numbers([0x0A0A]) + vector16([])
        if let serverName { bytes += numbers([0]) + vector16(vector16([0] + vector16(Array(serverName.utf8)))) }
        if !signatureSchemes.isEmpty { bytes += numbers([13]) + vector16(vector16(numbers(signatureSchemes))) }
        if !versions.isEmpty { bytes += numbers([43]) + vector16([UInt8(versions.count * 2)] + numbers(versions)) }
        if padding > 0 { bytes += numbers([21]) + vector16(Array(repeating: 0, count: padding)) }
        return bytes
    }

    private func numbers(_ values: [UInt16]) -> [UInt8] { values.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] } }

    private func vector16(_ bytes: [UInt8]) -> [UInt8] { [UInt8(bytes.count >> 8), UInt8(bytes.count & 255)] + bytes }
}
