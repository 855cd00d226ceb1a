import Model
import Testing

@testable import Routing

/// The rules once more, said one route at a time: what the tries are held against.
private struct ReferenceMatcher {
    let routes: [(method: String, segments: [String], index: Int)]
    let fallback: Int?

    init(_ keys: [String]) {
        routes = keys.enumerated().filter { $0.element != "$default" }.map { index, key in
            let parts = key.split(separator: " ")
            return (String(parts[0]), parts[1].split(separator: "/").map(String.init), index)
        }
        fallback = keys.firstIndex(of: "$default")
    }

    func match(_ method: String, _ path: String) -> (Match.Outcome, [String]) {
        let segments = path.split(separator: "/").map(String.init)
        let matching = routes.filter { matches($0.segments, segments) }
        let taking = matching.filter { preference($0.method, for: method) != nil }
        let best = taking.min { rank($0, for: method).lexicographicallyPrecedes(rank($1, for: method)) }
        if let best { return (.route(best.index), values(best.segments, segments, path)) }
        if let fallback { return (.route(fallback), []) }
        if matching.isEmpty { return (.notFound, []) }
        var allow: MethodSet = [.init(.options)]
        for route in matching {
            for method in Method.allCases where preference(route.method, for: method.name) != nil {
                allow.insert(MethodSet(method))
            }
        }
        return (.methodNotAllowed(allow: allow), [])
    }

    private func matches(_ template: [String], _ path: [String]) -> Bool {
        if let last = template.last, last.hasSuffix("+}") {
            guard path.count >= template.count else { return false }
        } else if template.count != path.count {
            return false
        }
        return zip(template, path).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }

    private func preference(_ own: String, for method: String) -> Int? {
        if own == method { return 0 }
        if own == "ANY", RouteKey.methods.contains(method) { return 1 }
        return own == "GET" && method == "HEAD" ? 2 : nil
    }

    /// Full before greedy, then the kinds of the segments, then the method.
    private func rank(_ route: (method: String, segments: [String], index: Int), for method: String) -> [Int] {
        let kinds = route.segments.map { $0.hasSuffix("+}") ? 2 : $0.hasPrefix("{") ? 1 : 0 }
        return [kinds.last == 2 ? 1 : 0] + kinds + [3 + (preference(route.method, for: method) ?? 0)]
    }

    private func values(_ template: [String], _ path: [String], _ text: String) -> [String] {
        zip(template, path).enumerated().filter { $0.element.0.hasPrefix("{") }.map { index, pair in
            guard pair.0.hasSuffix("+}") else { return pair.1 }
            return path[index...].joined(separator: "/") + (text.hasSuffix("/") ? "/" : "")
        }
    }
}

@Suite struct ReferenceMatcherTests {
    @Test(arguments: 0..<8)
    func `tries find what the rules say, in any order of the routes`(seed: Int) throws {
        var generator = SeededGenerator(state: UInt64(seed))
        for _ in 0..<500 {
            var keys = Self.randomKeys(&generator)
            let reference = ReferenceMatcher(keys)
            let router = try Router(apis: [try api(routes: keys)])
            let original = keys
            keys.shuffle(using: &generator)
            let shuffled = try Router(apis: [try api(routes: keys)])
            for _ in 0..<40 {
                let method = (RouteKey.methods + ["TRACE"]).randomElement(using: &generator) ?? ""
                let path = Self.randomPath(&generator)
                let (outcome, parameters) = reference.match(method, path)
                let answer = try router.match(method, path)
                #expect(answer.outcome == outcome, "\(method) \(path) in \(original)")
                #expect(answer.parameters == parameters, "\(method) \(path) in \(original)")
                let again = try shuffled.match(method, path)
                #expect(again.route.map { keys[$0] } == answer.route.map { original[$0] })
            }
        }
    }

    /// Few names, so that templates overlap; no two that differ only in parameter names.
    private static func randomKeys(_ generator: inout SeededGenerator) -> [String] {
        var keys: Set<String> = generator.next() % 4 == 0 ? ["$default"] : []
        for _ in 0..<Int.random(in: 0...24, using: &generator) {
            var segments = (0..<Int.random(in: 0...4, using: &generator)).map { depth in
                ["a", "b", "cc", "{p\(depth)}"].randomElement(using: &generator) ?? ""
            }
            if generator.next() % 4 == 0 { segments.append("{rest+}") }
            let method = (RouteKey.methods + ["ANY", "ANY"]).randomElement(using: &generator) ?? ""
            keys.insert("\(method) /\(segments.joined(separator: "/"))")
        }
        return keys.sorted()
    }

    private static func randomPath(_ generator: inout SeededGenerator) -> String {
        let segments = (0..<Int.random(in: 0...6, using: &generator)).map { _ in
            ["a", "b", "cc", "d"].randomElement(using: &generator) ?? ""
        }
        let path = "/" + segments.joined(separator: "/")
        return generator.next() % 3 == 0 && path != "/" ? path + "/" : path
    }
}
