#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The system's tables of sockets that listen (Linux, proc(5): `/proc/net/tcp` and `/proc/net/tcp6`).
public enum ListenerTable {
    /// How long handshakes get that a socket has begun before it ends: a round trip to most places on Earth.
    public static let handshakeTime = Duration.milliseconds(250)

    /// What a table says of one socket.
    struct Row: Equatable {
        /// Address and port as the system writes them.
        var address: Substring
        var inode: UInt64
    }

    /// Whether a socket of another process listens where one of these does. No where the system does not tell.
    /// - Parameter own: the inodes of this process's sockets.
    public static func isShared(_ own: Set<UInt64>) -> Bool {
        ["/proc/net/tcp", "/proc/net/tcp6"].contains { path in
            let rows = listeners(in: String(decoding: beginning(of: path), as: UTF8.self))
            let addresses = Set(rows.lazy.filter { own.contains($0.inode) }.map(\.address))
            return rows.contains { addresses.contains($0.address) && !own.contains($0.inode) }
        }
    }

    /// The sockets that listen. They come first in a table, before what may be a million connections.
    static func listeners(in table: String) -> [Row] {
        var rows: [Row] = []
        for line in table.split(separator: "\n").dropFirst() {
            let fields = line.split(separator: " ")
            let isListening = fields.count > 9 && fields[3] == "0A"
            guard isListening, let inode = UInt64(fields[9]) else { break }
            rows.append(Row(address: fields[1], inode: inode))
        }
        return rows
    }

    /// As much of a file as holds some thousands of listeners; nothing when it can't be read.
    private static func beginning(of path: String) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var table = [UInt8](repeating: 0, count: 1 << 20)
        var filled = 0
        // The table is handed out a page at a time.
        while filled < table.count {
            // The bytes are borrowed for the call alone, which writes no more than there is place for.
            let count = unsafe table.withUnsafeMutableBytes { bytes in
                let free = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[filled...])
                return unsafe read(descriptor, free.baseAddress, free.count)
            }
            guard count > 0 else { break }
            filled += count
        }
        return Array(table[..<filled])
    }
}
