import Model

/// Finds the group of APIs that a request's host leads to: an exact name, else the longest wildcard, else the default.
///
/// A trie over the labels of names, read from the right, so that a name of any shape costs its length.
struct HostTable: Sendable {
    /// The APIs that name no host.
    static let defaultGroup = 0
    /// Names and wildcards have a group each; the default group is 0.
    private(set) var groupCount = 1
    private var labels = ChildTable(roots: 1)
    private var nodes: ContiguousArray<Node> = [Node()]

    /// Groups by what ends at the node; 0 is none, since the default group has no name.
    private struct Node {
        var exact: UInt32 = 0
        var wildcard: UInt32 = 0
    }

    /// The longest name that DNS allows (RFC 1035, 2.3.4, without the trailing dot).
    private static let nameLimit = 253

    /// The group of a pattern, made when it is not there yet.
    /// - Throws: a fault without location for a name longer than any host can be.
    mutating func makeGroup(for pattern: HostPattern) throws(Fault) -> Int {
        let name = Array(pattern.name.utf8)
        guard name.count <= Self.nameLimit else {
            throw Fault("a host has at most \(Self.nameLimit) characters", text: pattern.description)
        }
        var node: UInt32 = 0
        var end = name.count
        while end >= 0 {
            let start = Self.startOfLabel(endingAt: end, of: name.span)
            node = labels.makeChild(of: node, label: name.span.extracting(start..<end))
            end = start - 1
        }
        while nodes.count < labels.nodeCount { nodes.append(Node()) }
        let group = pattern.isWildcard ? nodes[Int(node)].wildcard : nodes[Int(node)].exact
        guard group == 0 else { return Int(group) }
        let new = UInt32(truncatingIfNeeded: groupCount)
        if pattern.isWildcard { nodes[Int(node)].wildcard = new } else { nodes[Int(node)].exact = new }
        groupCount += 1
        return Int(new)
    }

    /// The group for the value of a `Host` field: any case, with or without port and trailing dot, empty for none.
    func group(for host: Span<UInt8>) -> Int {
        let length = Self.nameLength(of: host)
        guard groupCount > 1, length > 0, length <= Self.nameLimit else { return Self.defaultGroup }
        var lowercased = InlineArray<253, UInt8>(repeating: 0)
        for index in 0..<length { lowercased[index] = host[index].lowercased }
        return group(forName: lowercased.span.extracting(first: length))
    }

    private func group(forName name: Span<UInt8>) -> Int {
        var node: UInt32 = 0
        var longestWildcard: UInt32 = 0
        var end = name.count
        while true {
            let start = Self.startOfLabel(endingAt: end, of: name)
            let hash = LabelHash(name.extracting(start..<end))
            guard let child = labels.child(of: node, label: start..<end, of: name, hash: hash) else { break }
            node = child
            if start == 0 {
                let exact = nodes[Int(node)].exact
                return Int(exact != 0 ? exact : longestWildcard)
            }
            let wildcard = nodes[Int(node)].wildcard
            if wildcard != 0, start > 1 { longestWildcard = wildcard }
            end = start - 1
        }
        return Int(longestWildcard)
    }

    /// The bytes before the port and a trailing dot.
    private static func nameLength(of host: Span<UInt8>) -> Int {
        var length = host.count
        let mark = host.count > 0 && host[0] == .openingBracket ? UInt8.closingBracket : .colon
        for index in host.indices.reversed() where host[index] == mark {
            length = mark == .colon ? index : index + 1
            break
        }
        return length > 0 && host[length - 1] == .dot ? length - 1 : length
    }

    /// An address in brackets is one label, dots or not.
    private static func startOfLabel(endingAt end: Int, of name: Span<UInt8>) -> Int {
        if name[0] == .openingBracket { return 0 }
        var start = end
        while start > 0, name[start - 1] != .dot { start -= 1 }
        return start
    }
}
