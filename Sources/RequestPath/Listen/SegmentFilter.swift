import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Which TCP segments that arrive for a socket the system drops, as if the network had lost them (Linux, socket(7)
/// `SO_ATTACH_FILTER`). Elsewhere nothing is dropped.
enum SegmentFilter {
    /// The first segment of a handshake: SYN without ACK (RFC 9293, section 3.5).
    case handshakes
    /// Every segment.
    case all

    /// The system's `struct sock_filter`.
    private struct Instruction {
        var code: UInt16
        var jumpIfTrue: UInt8 = 0
        var jumpIfFalse: UInt8 = 0
        var operand: UInt32
    }

    /// The system's `struct sock_fprog`; used only while the instructions are borrowed.
    @unsafe private struct Program {
        var count: UInt16
        var instructions: UnsafePointer<Instruction>?
    }

    /// A program of the classic packet filter. It sees a segment from the TCP header on, and returns how many bytes to keep.
    private var program: [Instruction] {
        let keepNone = Instruction(code: 0x06, operand: 0)
        let keepAll = Instruction(code: 0x06, operand: .max)
        switch self {
        case .handshakes:
            let loadFlags = Instruction(code: 0x30, operand: 13)
            let keepSYNAndACK = Instruction(code: 0x54, operand: 0x12)
            let skipUnlessSYN = Instruction(code: 0x15, jumpIfFalse: 1, operand: 0x02)
            return [loadFlags, keepSYNAndACK, skipUnlessSYN, keepNone, keepAll]
        case .all: return [keepNone]
        }
    }

    /// Takes the place of the filter that the socket has. When the system refuses, the socket stays as it is.
    func attach(to descriptor: NIOBSDSocket.Handle) {
        #if os(Linux)
        unsafe program.withUnsafeBufferPointer { instructions in
            // The system copies the program before setsockopt returns, so no pointer outlives this call.
            var program = unsafe Program(count: UInt16(instructions.count), instructions: instructions.baseAddress)
            let size = unsafe socklen_t(MemoryLayout<Program>.size)
            _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, size)
        }
        #endif
    }

    /// Lets all segments through again.
    static func detach(from descriptor: NIOBSDSocket.Handle) {
        #if os(Linux)
        var unused: CInt = 0
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_DETACH_FILTER, &unused, socklen_t(MemoryLayout<CInt>.size))
        #endif
    }
}
