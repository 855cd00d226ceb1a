/// The labelled edges of a forest of tries: finds the child of a node by the bytes of its label.
///
/// The edges of all nodes stand in one open-addressing table, hashed by parent and label, so that a step costs the
/// label's length and one or two cache lines, however many siblings there are. Nodes are numbers; what they mean is
/// kept by the owner in arrays of its own.
struct ChildTable: Sendable {
    /// Nodes are 0 ..< `nodeCount`; the roots come first.
    private(set) var nodeCount: Int
    /// Power of two, at most half full.
    private var slots: ContiguousArray<Edge>
    private var edgeCount = 0
    private var labels: ContiguousArray<UInt8> = []

    /// `child` 0 marks an empty slot: node 0 is a root and nobody's child.
    private struct Edge {
        var parent: UInt32 = 0
        var child: UInt32 = 0
        var start: UInt32 = 0
        var length: UInt32 = 0
    }

    /// Makes a forest of bare roots; at least one.
    init(roots: Int) {
        nodeCount = roots
        slots = ContiguousArray(repeating: Edge(), count: 2)
    }

    /// The child of `parent` whose label is `bytes[label]`. `hash` is the `LabelHash` of those bytes.
    func child(of parent: UInt32, label: Range<Int>, of bytes: Span<UInt8>, hash: LabelHash) -> UInt32? {
        var index = slot(parent, hash)
        while true {
            let edge = slots[index]
            if edge.child == 0 { return nil }
            if edge.parent == parent, Int(edge.length) == label.count, isLabel(edge, equalTo: label, of: bytes) {
                return edge.child
            }
            index = (index + 1) & (slots.count - 1)
        }
    }

    /// The child of `parent` with this label, made when it is not there yet.
    mutating func makeChild(of parent: UInt32, label: Span<UInt8>) -> UInt32 {
        let hash = LabelHash(label)
        if let child = child(of: parent, label: label.indices, of: label, hash: hash) { return child }
        if 2 * (edgeCount + 1) > slots.count { grow() }
        let child = makeNode()
        let start = labels.count
        for index in label.indices { labels.append(label[index]) }
        place(
            Edge(
                parent: parent,
                child: child,
                start: UInt32(truncatingIfNeeded: start),
                length: UInt32(truncatingIfNeeded: label.count)
            ),
            hash
        )
        edgeCount += 1
        return child
    }

    /// A node that no label leads to.
    mutating func makeNode() -> UInt32 {
        nodeCount += 1
        return UInt32(truncatingIfNeeded: nodeCount - 1)
    }

    private func isLabel(_ edge: Edge, equalTo label: Range<Int>, of bytes: Span<UInt8>) -> Bool {
        let start = Int(edge.start)
        for offset in 0..<label.count where labels[start + offset] != bytes[label.lowerBound + offset] {
            return false
        }
        return true
    }

    /// Multiplicative hashing: the high bits of the product depend on every bit of parent and label.
    private func slot(_ parent: UInt32, _ hash: LabelHash) -> Int {
        let key = UInt64(parent) << 32 | UInt64(hash.value)
        let product = (key ^ key >> 29) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: product >> 32) & (slots.count - 1)
    }

    private mutating func place(_ edge: Edge, _ hash: LabelHash) {
        var index = slot(edge.parent, hash)
        while slots[index].child != 0 { index = (index + 1) & (slots.count - 1) }
        slots[index] = edge
    }

    private mutating func grow() {
        let edges = slots
        slots = ContiguousArray(repeating: Edge(), count: 2 * edges.count)
        for edge in edges where edge.child != 0 {
            let start = Int(edge.start)
            place(edge, LabelHash(labels.span.extracting(start..<start + Int(edge.length))))
        }
    }
}

/// FNV-1a over a label's bytes. Keys come from the configuration alone, so no request can make a chain longer.
struct LabelHash: Sendable {
    private(set) var value: UInt32 = 2_166_136_261

    init() {}

    init(_ label: Span<UInt8>) {
        for index in label.indices { combine(label[index]) }
    }

    mutating func combine(_ byte: UInt8) { value = (value ^ UInt32(byte)) &* 16_777_619 }
}
