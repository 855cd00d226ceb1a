/// A segment of a canonical path: where it ends, and its hash, taken once for all tables.
///
/// The segments of a request's path are kept in an `InlineArray` on the stack of the match and handed around as a span,
/// which, unlike a struct around the array, is never copied.
struct PathSegment {
    /// The offset behind its last byte. It starts behind the slash that follows the segment before.
    var end: UInt32 = 0
    var hash = LabelHash()

    /// A base path and a template together have this many segments at most; also the bits of a parameter mask.
    static let limit = 64
    /// One more than any route has, so that a longer path is cut off where no full match can be.
    typealias Storage = InlineArray<65, PathSegment>

    /// Cuts a path at its slashes. A trailing slash adds no segment.
    /// - Returns: how many segments were stored.
    static func split(_ path: Span<UInt8>, into storage: inout Storage) -> Int {
        var count = 0
        var hash = LabelHash()
        var start = 1
        for index in path.indices.dropFirst() {
            let byte = path[index]
            guard byte == .slash else {
                hash.combine(byte)
                continue
            }
            storage[count] = PathSegment(end: UInt32(truncatingIfNeeded: index), hash: hash)
            count += 1
            if count == storage.count { return count }
            hash = LabelHash()
            start = index + 1
        }
        guard start < path.count else { return count }
        storage[count] = PathSegment(end: UInt32(truncatingIfNeeded: path.count), hash: hash)
        return count + 1
    }
}

extension Span<PathSegment> {
    /// Where the first so many segments end: 0 for none, else the offset behind the last one.
    func end(ofFirst count: Int) -> Int { count == 0 ? 0 : Int(self[count - 1].end) }

    /// Where a segment stands in the path, without slashes.
    func range(_ index: Int) -> Range<Int> { end(ofFirst: index) + 1..<Int(self[index].end) }
}
