public import Model

/// Finds the API and the route of a request: host, then base path, then route. Immutable and free of allocation.
///
/// A class, because a struct of so many arrays would count a reference to each wherever it is handed on.
public final class Router: Sendable {
    private let hosts: HostTable
    private let mounts: MountTable
    private let routes: RouteTable
    /// By API: whether `%2F` may stand in a path.
    private let allowsEncodedSlash: ContiguousArray<Bool>

    /// Compiles the routes of all APIs. Their order has no influence on what is matched.
    /// - Throws: all faults at once: APIs or routes that take the same requests, literals that no request can have,
    ///   routes beyond the limits (64 segments with those of the base path, 16 parameters).
    public init(apis: [HTTPAPI]) throws(Faults) {
        var faults: [Fault] = []
        (hosts, mounts) = Self.mount(apis, &faults)
        var compiler = RouteCompiler(apis: apis.count)
        for (index, api) in apis.enumerated() { compiler.add(api, at: index) }
        routes = compiler.finish(apis: apis)
        allowsEncodedSlash = ContiguousArray(apis.map(\.allowsEncodedSlash))
        faults += compiler.faults
        guard faults.isEmpty else { throw Faults(faults) }
    }

    /// Finds the route of a request.
    /// - Parameters:
    ///   - host: the value of the `Host` field as it was sent; empty when there is none.
    ///   - method: the request's method.
    ///   - path: the path without query, in the canonical form of `PathPolicy`.
    ///   - hasEncodedSlash: what the policy said of the path; an API that does not allow it refuses the request.
    public func match(host: Span<UInt8>, method: Method, path: Span<UInt8>, hasEncodedSlash: Bool) -> Match {
        var storage = PathSegment.Storage(repeating: PathSegment())
        let count = PathSegment.split(path, into: &storage)
        let segments = storage.span.extracting(first: count)
        guard let api = mounts.api(group: hosts.group(for: host), segments: segments, of: path)
        else { return Match(.notFound) }
        return match(api.index, api.depth, method, segments, of: path, hasEncodedSlash: hasEncodedSlash)
    }

    /// Finds the route of a request among those of one API.
    /// - Parameters:
    ///   - api: the index of the API.
    ///   - depth: how many segments of the path are its base path's.
    public func match(api: Int, depth: Int, method: Method, path: Span<UInt8>, hasEncodedSlash: Bool) -> Match {
        var storage = PathSegment.Storage(repeating: PathSegment())
        let count = PathSegment.split(path, into: &storage)
        let segments = storage.span.extracting(first: count)
        return match(api, depth, method, segments, of: path, hasEncodedSlash: hasEncodedSlash)
    }

    private func match(
        _ api: Int,
        _ depth: Int,
        _ method: Method,
        _ segments: Span<PathSegment>,
        of path: Span<UInt8>,
        hasEncodedSlash: Bool
    ) -> Match {
        let end = segments.end(ofFirst: depth)
        if hasEncodedSlash, !allowsEncodedSlash[api] {
            return Match(.refused(.encodedSlash), api: api, depth: depth, basePathEnd: end)
        }
        switch routes.match(api: api, method: method, segments: segments, below: depth, of: path) {
        case .route(let route, let mask, let isGreedy):
            let parameters = ParameterRanges(mask: mask, isGreedy: isGreedy, segments: segments, length: path.count)
            return Match(.route(route), api: api, depth: depth, basePathEnd: end, parameters: parameters)
        case .methodNotAllowed(let allow):
            return Match(.methodNotAllowed(allow: allow), api: api, depth: depth, basePathEnd: end)
        case .notFound:
            return Match(.notFound, api: api, depth: depth, basePathEnd: end)
        }
    }

    private static func mount(_ apis: [HTTPAPI], _ faults: inout [Fault]) -> (HostTable, MountTable) {
        var hosts = HostTable()
        var places: [(api: Int, group: Int, host: HostPattern?)] = []
        for (index, api) in apis.enumerated() {
            if api.hosts.isEmpty { places.append((index, HostTable.defaultGroup, nil)) }
            for pattern in api.hosts {
                do throws(Fault) {
                    places.append((index, try hosts.makeGroup(for: pattern), pattern))
                } catch {
                    faults.append(error.located(at: api.source))
                }
            }
        }
        var mounts = MountTable(groups: hosts.groupCount)
        for place in places {
            let api = apis[place.api]
            do throws(Fault) {
                for written in api.basePaths {
                    var basePath: [[UInt8]] = []
                    for segment in written.segments { basePath.append(try canonicalLabel(segment, of: api)) }
                    if let first = mounts.mount(api: place.api, group: place.group, basePath: basePath) {
                        throw conflict(of: api, with: apis[first], host: place.host)
                    }
                }
            } catch {
                faults.append(error.located(at: api.source))
            }
        }
        return (hosts, mounts)
    }

    private static func conflict(of api: HTTPAPI, with first: HTTPAPI, host: HostPattern?) -> Fault {
        let place = first.source.map { " (\($0))" } ?? ""
        let name = host.map { "host \($0)" } ?? "every other host"
        return Fault(
            "api \"\(api.name)\" is mounted at the same host and base path as api \"\(first.name)\"\(place)",
            text: "\(name), path \(api.basePath)"
        )
    }
}

extension Fault {
    /// The same fault at a place.
    func located(at location: SourceLocation?) -> Fault {
        var fault = self
        fault.location = location
        return fault
    }
}
