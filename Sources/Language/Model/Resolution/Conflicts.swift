/// Declarations of which only one can have effect. Each is a fault that names both places.
enum Conflicts {
    /// Routes of one API with the same key, or keys that differ only in the names of parameters.
    static func findRoutes(_ routes: [Named<RouteKey, RouteDeclaration>], _ faults: inout [Fault]) {
        var seen: [String: Named<RouteKey, RouteDeclaration>] = [:]
        for route in routes {
            guard let earlier = seen.updateValue(route, forKey: shape(of: route.key)) else { continue }
            seen[shape(of: route.key)] = earlier
            let place = "\"\(earlier.text)\" at \(earlier.location)"
            faults.add("this route takes the same requests as \(place)", at: route.location, text: route.text)
        }
    }

    /// APIs that share a host and a base path.
    static func findMounts(of apis: [Named<String, APIDeclaration>], _ faults: inout [Fault]) {
        var seen: [String: Named<String, APIDeclaration>] = [:]
        for api in apis {
            guard let declaration = api.value else { continue }
            for mount in declaration.mounts {
                let hosts = mount.hosts.map { (text: $0.value.description, location: $0.location) }
                for host in hosts.isEmpty ? [(text: "", location: api.location)] : hosts {
                    for path in mount.basePaths {
                        guard let earlier = seen.updateValue(api, forKey: "\(host.text) \(path)") else { continue }
                        let place = host.text.isEmpty ? "every other host" : "host \(host.text)"
                        faults.add(
                            "\(place) with path \(path) leads to API \"\(earlier.key)\" (\(earlier.location)) already",
                            at: host.location,
                            text: api.key
                        )
                    }
                }
            }
        }
    }

    /// Listeners on the same socket. They would not fail to start, since sockets are shared for hand-over: clients
    /// would meet one or the other by chance.
    static func findSockets(
        of listeners: [Located<ListenerDeclaration>],
        admin: Located<AdminDeclaration>?,
        _ faults: inout [Fault]
    ) {
        var sockets = listeners.map {
            (address: $0.value.listener.address, port: $0.value.listener.port, location: $0.location)
        }
        if let admin { sockets.append((admin.value.listener.address, admin.value.listener.port, admin.location)) }
        for (index, socket) in sockets.enumerated() where socket.port != 0 {
            let earlier = sockets[..<index].first { other in
                let isEverywhere = [other.address, socket.address].contains { $0 == "0.0.0.0" || $0 == "::" }
                return other.port == socket.port && (other.address == socket.address || isEverywhere)
            }
            guard let earlier else { continue }
            faults.add("this port is taken at \(earlier.location)", at: socket.location, text: String(socket.port))
        }
    }

    /// Authorizers that ask for certificates which no listener asks clients for: they would refuse everybody.
    static func findUnprovable(_ authorizers: [Authorizer], on listeners: [Listener], _ faults: inout [Fault]) {
        if listeners.contains(where: { $0.tls?.clients != nil }) { return }
        for authorizer in authorizers where authorizer.kind == .certificate {
            guard let source = authorizer.source else { continue }
            faults.add("no listener asks clients for certificates (tls.client)", at: source, text: authorizer.name)
        }
    }

    /// The key without the names of its parameters.
    static func shape(of key: RouteKey) -> String {
        guard case .path(let method, let template) = key else { return "$default" }
        var text =
            switch method {
            case .any: "ANY "
            case .method(let name): name + " "
            }
        for segment in template.segments {
            switch segment {
            case .literal(let literal): text += "/" + literal
            case .parameter: text += "/{}"
            case .greedy: text += "/{+}"
            }
        }
        return template.hasTrailingSlash ? text + "/" : text
    }
}
