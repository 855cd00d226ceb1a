import NIOHTTP2

/// The open streams of a connection by their ids, which only grow: a sorted array, where the newest stands last.
struct HTTP2StreamTable {
    private var entries: ContiguousArray<Entry> = []

    private struct Entry {
        var id: Int32
        var stream: HTTP2Stream
    }

    var count: Int { entries.count }

    var isEmpty: Bool { entries.isEmpty }

    /// Takes a stream in whose id is higher than all others.
    mutating func append(_ stream: HTTP2Stream) { entries.append(Entry(id: Int32(stream.id), stream: stream)) }

    func find(_ id: HTTP2StreamID) -> HTTP2Stream? {
        let position = place(of: Int32(id))
        return position < entries.count && entries[position].id == Int32(id) ? entries[position].stream : nil
    }

    mutating func remove(_ id: HTTP2StreamID) {
        let position = place(of: Int32(id))
        if position < entries.count, entries[position].id == Int32(id) { entries.remove(at: position) }
    }

    /// The streams as they are now, for a loop that ends some of them.
    var all: [HTTP2Stream] { entries.map(\.stream) }

    /// Where an id stands or would stand.
    private func place(of id: Int32) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].id < id { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
