/// The routes of all APIs, as tries over path segments in one set of arrays.
///
/// The most specific template that takes the method wins: full matches before greedy ones, and among either, segment
/// by segment, a literal before a parameter before a greedy one. For one template the method's own route comes before
/// that of ANY, and for HEAD that of GET last. A search walks the trie in just this order and comes by a node at most
/// once, so that its cost is bounded by the path and, where parameters and literals overlap, by the templates that
/// share its beginning.
struct RouteTable: Sendable {
    /// Each API is the root of its index.
    let children: ChildTable
    let nodes: ContiguousArray<Node>
    /// Route indexes, grouped by endpoint.
    let routes: ContiguousArray<UInt32>
    /// By API: the index of its `$default` route plus one, or 0.
    let defaults: ContiguousArray<UInt32>

    /// What the search needs to know of a node.
    struct Node: Sendable {
        /// Where `{parameter}` leads; 0 for nowhere.
        var parameterChild: UInt32 = 0
        /// The template that ends here.
        var full = Endpoint()
        /// The template that ends here with a greedy parameter.
        var greedy = Endpoint()
    }

    /// What a search ended with.
    enum Result {
        /// A route, and which segments of the path are its parameters, as a bit mask.
        case route(Int, parameters: UInt64, isGreedy: Bool)
        case methodNotAllowed(allow: MethodSet)
        case notFound
    }

    /// Finds the route of an API for a path, of which `depth` segments are the base path's.
    func match(
        api: Int,
        method: Method,
        segments: Span<PathSegment>,
        below depth: Int,
        of path: Span<UInt8>
    ) -> Result {
        var search = Search(method: method)
        descend(to: UInt32(truncatingIfNeeded: api), depth, parameters: 0, segments, path, &search)
        if let best = search.best {
            return .route(Int(best.route), parameters: best.parameters, isGreedy: best.isGreedy)
        }
        let fallback = defaults[api]
        if fallback != 0 { return .route(Int(fallback) - 1, parameters: 0, isGreedy: false) }
        return search.allow.isEmpty ? .notFound : .methodNotAllowed(allow: search.allow)
    }

    private struct Search {
        let method: Method
        var best: Found?
        /// What the templates that match the path take.
        var allow: MethodSet = []
    }

    private struct Found {
        var route: UInt32
        var parameters: UInt64
        var isGreedy: Bool
    }

    /// Visits a node of the trie and what is below it, most specific first. `depth` counts the path's segments behind
    /// us, `parameters` has a bit for each of them that a parameter took.
    /// - Returns: whether a full match was found, which ends the search.
    @discardableResult
    private func descend(
        to node: UInt32,
        _ depth: Int,
        parameters: UInt64,
        _ segments: Span<PathSegment>,
        _ path: Span<UInt8>,
        _ search: inout Search
    ) -> Bool {
        let here = nodes[Int(node)]
        guard depth < segments.count else {
            guard let route = route(of: here.full, &search) else { return false }
            search.best = Found(route: route, parameters: parameters, isGreedy: false)
            return true
        }
        let taken = parameters | 1 << UInt64(depth)
        let label = segments.range(depth)
        if let child = children.child(of: node, label: label, of: path, hash: segments[depth].hash),
            descend(to: child, depth + 1, parameters: parameters, segments, path, &search)
        {
            return true
        }
        if here.parameterChild != 0,
            descend(to: here.parameterChild, depth + 1, parameters: taken, segments, path, &search)
        {
            return true
        }
        // Deeper greedy templates were met before this one, so that the first one found stays the best.
        if search.best == nil, let route = route(of: here.greedy, &search) {
            search.best = Found(route: route, parameters: taken, isGreedy: true)
        }
        return false
    }

    private func route(of endpoint: Endpoint, _ search: inout Search) -> UInt32? {
        guard let index = endpoint.index(for: search.method) else {
            search.allow.formUnion(endpoint.allow)
            return nil
        }
        return routes[index]
    }
}

/// The routes of one template: as many entries of `RouteTable.routes` as `keys` has bits, in their order.
struct Endpoint: Sendable {
    /// The first entry.
    private var first: UInt32 = 0
    /// A bit for each method by its raw value, and the highest for ANY.
    private var keys: UInt8 = 0

    /// The bit of ANY.
    static let any: UInt8 = 0x80

    /// Adds a key that is higher than those before it. Their entries follow each other.
    mutating func append(_ key: UInt8, entry: Int) {
        if keys == 0 { first = UInt32(truncatingIfNeeded: entry) }
        keys |= key
    }

    /// The entry of the route that takes a method.
    func index(for method: Method) -> Int? {
        var key = keys & MethodSet(method).rawValue
        if key == 0, method != .other { key = keys & Self.any }
        if key == 0, method == .head { key = keys & MethodSet(.get).rawValue }
        return key == 0 ? nil : Int(first) + (keys & (key - 1)).nonzeroBitCount
    }

    /// The methods that the template answers: HEAD where it has GET, and OPTIONS, which the gateway answers itself.
    var allow: MethodSet {
        if keys & Self.any != 0 { return .any }
        var methods = MethodSet(rawValue: keys)
        if methods.isEmpty { return methods }
        if methods.contains(.get) { methods.insert(MethodSet(.head)) }
        methods.insert(MethodSet(.options))
        return methods
    }
}
