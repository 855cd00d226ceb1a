/// The parameters that a route offers to its target's path or to its reply.
struct RouteParameters {
    /// In the order of the path.
    let names: [String]
    let greedy: String?

    init(of key: RouteKey) {
        guard case .path(_, let template) = key else {
            names = []
            greedy = nil
            return
        }
        names = template.parameterNames
        if case .greedy(let name) = template.segments.last {
            greedy = name
        } else {
            greedy = nil
        }
    }

    /// Adds a fault for each parameter of a target's path that the route does not have.
    func check(_ path: PathTemplate, at location: SourceLocation, _ faults: inout [Fault]) {
        for segment in path.segments {
            switch segment {
            case .literal: break
            case .parameter(let name): check(name, at: location, &faults)
            case .greedy(let name):
                check(name, at: location, &faults)
                if names.contains(name), name != greedy {
                    let rule = "the route's parameter is a single segment"
                    faults.add(rule, at: location, text: "{\(name)+}", suggestion: "{\(name)}")
                }
            }
        }
    }

    /// Adds a fault for each parameter of a reply that the route does not have.
    func check(_ reply: MockIntegration, at location: SourceLocation, _ faults: inout [Fault]) {
        var seen: Set<String> = []
        for text in [reply.body] + reply.headers.map(\.value) {
            for name in Self.references(in: text) where seen.insert(name).inserted {
                if name.hasSuffix("+") {
                    let suggestion = "{\(name.dropLast())}"
                    let rule = "a reply uses a greedy parameter without \"+\""
                    faults.add(rule, at: location, text: "{\(name)}", suggestion: suggestion)
                } else {
                    check(name, at: location, &faults)
                }
            }
        }
    }

    /// What stands in braces in a text, `{id}`, as a parameter's name would. JSON's own braces are never followed by
    /// such a name, since its members' names are quoted.
    static func references(in text: String) -> [String] {
        var names: [String] = []
        let bytes = text.utf8
        var start = bytes.startIndex
        while let open = bytes[start...].firstIndex(of: UInt8(ascii: "{")) {
            let inside = bytes[bytes.index(after: open)...]
            let name = inside.prefix { $0.isWordByte || ".$-+".utf8.contains($0) }
            if !name.isEmpty, name.endIndex < bytes.endIndex, bytes[name.endIndex] == UInt8(ascii: "}") {
                names.append(String(Substring(name)))
            }
            start = name.endIndex
        }
        return names
    }

    private func check(_ name: String, at location: SourceLocation, _ faults: inout [Fault]) {
        guard !names.contains(name) else { return }
        let closest = Spelling.closest(to: name, among: names).map { "{\($0)}" }
        faults.add("the route has no such parameter", at: location, text: "{\(name)}", suggestion: closest)
    }
}
