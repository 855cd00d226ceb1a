import Model

/// Builds the route table, collecting what is wrong with the routes on the way.
struct RouteCompiler {
    private var faulty: [(api: Int, route: Int, fault: Fault)] = []
    private var children: ChildTable
    private var nodes: ContiguousArray<RouteTable.Node>
    private var defaults: ContiguousArray<UInt32>
    private var bindings: [Binding] = []

    /// One route at its place in the trie.
    private struct Binding {
        var node: UInt32
        var isGreedy: Bool
        var key: UInt8
        var api: UInt32
        var route: UInt32

        /// Orders by endpoint and key, and duplicates as in the file.
        var order: (UInt64, UInt64) {
            (UInt64(node) << 32 | (isGreedy ? 0x100 : 0) | UInt64(key), UInt64(route))
        }

        func hasSamePlace(as other: Binding) -> Bool { order.0 == other.order.0 }
    }

    /// What is wrong, in the order of the APIs and their routes.
    var faults: [Fault] { faulty.sorted { ($0.api, $0.route) < ($1.api, $1.route) }.map(\.fault) }

    init(apis: Int) {
        children = ChildTable(roots: apis)
        nodes = ContiguousArray(repeating: RouteTable.Node(), count: apis)
        defaults = ContiguousArray(repeating: 0, count: apis)
    }

    /// Adds the routes of an API.
    mutating func add(_ api: HTTPAPI, at index: Int) {
        for (number, route) in api.routes.enumerated() {
            do throws(Fault) {
                try add(route, number, of: api, index)
            } catch {
                faulty.append((index, number, error.located(at: route.source)))
            }
        }
    }

    /// The finished table. Routes that are there twice are faults and keep their first place.
    mutating func finish(apis: [HTTPAPI]) -> RouteTable {
        bindings.sort { $0.order < $1.order }
        var routes: ContiguousArray<UInt32> = []
        routes.reserveCapacity(bindings.count)
        var previous: Binding?
        for binding in bindings {
            if let previous, previous.hasSamePlace(as: binding) {
                addDuplicate(binding, of: previous, apis[Int(binding.api)].routes)
                continue
            }
            previous = binding
            if binding.isGreedy {
                nodes[Int(binding.node)].greedy.append(binding.key, entry: routes.count)
            } else {
                nodes[Int(binding.node)].full.append(binding.key, entry: routes.count)
            }
            routes.append(binding.route)
        }
        return RouteTable(children: children, nodes: nodes, routes: routes, defaults: defaults)
    }

    private mutating func add(_ route: Route, _ number: Int, of api: HTTPAPI, _ index: Int) throws(Fault) {
        guard case .path(let method, let template) = route.key else {
            if defaults[index] != 0 { throw Self.duplicate(route, of: api.routes[Int(defaults[index]) - 1]) }
            defaults[index] = UInt32(truncatingIfNeeded: number + 1)
            return
        }
        let key = try Self.key(of: method)
        try Self.checkSize(of: template, below: api.basePath)
        let (node, isGreedy) = try place(template, below: UInt32(truncatingIfNeeded: index), of: api)
        bindings.append(
            Binding(
                node: node,
                isGreedy: isGreedy,
                key: key,
                api: UInt32(truncatingIfNeeded: index),
                route: UInt32(truncatingIfNeeded: number)
            )
        )
    }

    private mutating func addDuplicate(_ binding: Binding, of first: Binding, _ routes: [Route]) {
        let fault = Self.duplicate(routes[Int(binding.route)], of: routes[Int(first.route)])
        faulty.append((Int(binding.api), Int(binding.route), fault))
    }

    private mutating func place(
        _ template: PathTemplate,
        below root: UInt32,
        of api: HTTPAPI
    ) throws(Fault) -> (UInt32, isGreedy: Bool) {
        var node = root
        for segment in template.segments {
            switch segment {
            case .literal(let text):
                let label = try canonicalLabel(text, of: api)
                node = children.makeChild(of: node, label: label.span)
            case .parameter:
                if nodes[Int(node)].parameterChild == 0 { nodes[Int(node)].parameterChild = children.makeNode() }
                node = nodes[Int(node)].parameterChild
            case .greedy:
                return (node, true)
            }
            while nodes.count < children.nodeCount { nodes.append(RouteTable.Node()) }
        }
        return (node, false)
    }

    private static func key(of method: RouteKey.MethodMatch) throws(Fault) -> UInt8 {
        guard case .method(let name) = method else { return Endpoint.any }
        let bytes = Array(name.utf8)
        let method = Method(bytes.span)
        guard method != .other else { throw Fault("a route's method is one that a route key can name", text: name) }
        return MethodSet(method).rawValue
    }

    private static func checkSize(of template: PathTemplate, below basePath: BasePath) throws(Fault) {
        guard basePath.segments.count + template.segments.count <= PathSegment.limit else {
            throw Fault(
                "a route has at most \(PathSegment.limit) segments, those of the base path included",
                text: template.description
            )
        }
        guard template.parameterNames.count <= ParameterRanges.limit else {
            throw Fault("a route has at most \(ParameterRanges.limit) parameters", text: template.description)
        }
    }

    private static func duplicate(_ route: Route, of first: Route) -> Fault {
        let place = first.source.map { " (\($0))" } ?? ""
        return Fault(
            "this route takes the same requests as \(first.key)\(place)",
            at: route.source,
            text: route.key.description
        )
    }
}

/// A literal segment of an API's base path or template, in canonical form.
func canonicalLabel(_ segment: String, of api: HTTPAPI) throws(Fault) -> [UInt8] {
    do throws(PathFault) {
        return try PathPolicy.normalize(segment: segment, allowingEncodedSlash: api.allowsEncodedSlash)
    } catch {
        throw Fault("no request can have this segment, as its path is refused (\(error.rawValue))", text: segment)
    }
}
