public import NIOCore

extension ByteBuffer {
    /// A Close frame (RFC 6455, 5.5.1) with a status code and no reason.
    /// - Parameter mask: the masking key, which a frame to a server has and one to a client has not.
    public static func webSocketClose(code: UInt16, mask: UInt32?) -> ByteBuffer {
        var frame = ByteBuffer()
        frame.writeInteger(0x88 as UInt8)
        frame.writeInteger(0x02 | (mask == nil ? 0 : 0x80) as UInt8)
        if let mask { frame.writeInteger(mask) }
        frame.writeInteger(code ^ UInt16(truncatingIfNeeded: (mask ?? 0) >> 16))
        return frame
    }
}
