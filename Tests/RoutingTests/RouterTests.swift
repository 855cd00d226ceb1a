import Model
import Testing

@testable import Routing

@Suite struct RouterTests {
    @Test(arguments: [
        ("/a/v1/x", 0, "/x", 2), ("/a/v2/x", 1, "/x", 2), ("/a/x", 1, "/x", 1), ("/a", 1, "", 1),
        ("/a/v3/x", 1, "/v3/x", 1),
    ])
    func `a path without a version leads to the default one`(path: String, index: Int, rest: String, depth: Int) throws
    {
        var first = try api("first", path: "/a/v1")
        first.version = APIVersion(name: "v1")
        var second = try api("second", path: "/a/v2")
        second.version = APIVersion(name: "v2")
        second.unversionedPath = try BasePath("/a")
        let router = try Router(apis: [first, second])
        let answer = try router.match("GET", path)
        #expect(answer == Answer(outcome: .route(0), api: index, rest: rest, parameters: []))
        let bytes = Array(path.utf8)
        let match = router.match(api: 0, depth: 1, method: .get, path: bytes.span, hasEncodedSlash: false)
        #expect(match.outcome == .route(0))
        #expect(match.basePathEnd == 2)
        let noHost: [UInt8] = []
        let whole = router.match(host: noHost.span, method: .get, path: bytes.span, hasEncodedSlash: false)
        #expect(whole.depth == depth)
    }

    @Test func `a default version takes the place of another API`() throws {
        var version = try api("shop", path: "/a/v1")
        version.version = APIVersion(name: "v1")
        version.unversionedPath = try BasePath("/a")
        #expect(throws: Faults.self) { try Router(apis: [try api("other", path: "/a"), version]) }
    }

    static let shop = [
        "GET /shop/book/7", "GET /shop/book/{isbn}", "GET /shop/{rest+}", "ANY /{rest+}", "$default",
    ]

    @Test(arguments: [
        ("GET", "/shop/book/7", 0, []), ("GET", "/shop/book/9", 1, ["9"]), ("GET", "/shop/toy/7", 2, ["toy/7"]),
        ("POST", "/tool/5", 3, ["tool/5"]), ("POST", "/shop/book/7", 3, ["shop/book/7"]), ("PUT", "/", 4, []),
        ("GET", "/shop", 3, ["shop"]), ("GET", "/shop/", 3, ["shop/"]), ("GET", "/shop/book", 2, ["book"]),
        ("GET", "/shop/book/7/", 0, []), ("GET", "//shop//book/%37", 0, []), ("TRACE", "/shop/book/7", 4, []),
        ("HEAD", "/shop/book/7", 0, []), ("OPTIONS", "/shop/book/7", 3, ["shop/book/7"]),
    ])
    func `the most specific route takes a request`(
        method: String,
        path: String,
        route: Int,
        parameters: [String]
    ) throws {
        let answer = try Router(apis: [try api(routes: Self.shop)]).match(method, path)
        #expect(answer == Answer(outcome: .route(route), api: 0, rest: answer.rest, parameters: parameters))
    }

    @Test(arguments: [
        // A literal beats a parameter segment by segment, from the left.
        (["GET /{a}/x", "GET /y/{b}"], "GET", "/y/x", 1),
        // For one template the method comes before ANY, but a more specific ANY comes before a less specific method.
        (["ANY /a", "GET /a"], "GET", "/a", 1),
        (["GET /{a}", "ANY /a"], "GET", "/a", 1),
        (["GET /{a+}", "ANY /a/{b+}"], "GET", "/a/b", 1),
        // A template without the method is passed over.
        (["POST /a/b", "GET /a/{b}"], "GET", "/a/b", 1),
        (["POST /a/b", "PUT /a/{b}", "GET /{a}/b"], "GET", "/a/b", 2),
        (["GET /a/b/c", "GET /{x}/b/d"], "GET", "/a/b/d", 1),
        // Full matches before greedy ones, however literal those begin.
        (["GET /a/b/{c+}", "GET /{a}/{b}/{c}"], "GET", "/a/b/c", 1),
        (["GET /a/b/{c+}", "POST /{a}/{b}/{c}"], "GET", "/a/b/c", 0),
        // Among greedy ones the deepest literal prefix first.
        (["GET /{p+}", "GET /a/{p+}", "GET /a/b/{p+}", "GET /a/{x}/{p+}"], "GET", "/a/b/c", 2),
        (["GET /{p+}", "GET /a/{p+}", "GET /a/b/{p+}", "GET /a/{x}/{p+}"], "GET", "/a/c/c", 3),
        (["GET /{p+}", "GET /a/{p+}", "GET /{x}/b/{p+}"], "GET", "/a/b/c", 1),
        // HEAD takes its own route, ANY, then GET's.
        (["GET /a", "ANY /a"], "HEAD", "/a", 1),
        (["GET /a", "HEAD /{x}"], "HEAD", "/a", 0),
        (["GET /a", "HEAD /a", "ANY /a"], "HEAD", "/a", 1),
        // A template's literals are compared in canonical form.
        (["GET /%7Euser/%c3%a9"], "GET", "/~user/%C3%A9", 0),
        (["GET /a/"], "GET", "/a", 0),
        (["GET /"], "GET", "/", 0),
    ])
    func `priority follows from the templates`(keys: [String], method: String, path: String, route: Int) throws {
        #expect(try Router(apis: [try api(routes: keys)]).match(method, path).route == route)
        let reversed = try Router(apis: [try api(routes: keys.reversed())]).match(method, path)
        #expect(reversed.route == keys.count - 1 - route)
    }

    @Test(arguments: [
        (["GET /a"], "/b", Match.Outcome.notFound), (["GET /a"], "/", .notFound), (["GET /a/b"], "/a", .notFound),
        (["GET /a/{p+}"], "/a/", .notFound), (["GET /a"], "/a/b", .notFound), (["GET /a"], "/A", .notFound),
        (["GET /a"], "/a", .methodNotAllowed(allow: [.init(.get), .init(.head), .init(.options)])),
        (["POST /a", "PUT /{x}"], "/a", .methodNotAllowed(allow: [.init(.post), .init(.put), .init(.options)])),
        (["PUT /{x+}", "POST /a"], "/a/b", .methodNotAllowed(allow: [.init(.put), .init(.options)])),
        (["GET /a", "$default"], "/a", .route(1)), ([], "/", .notFound),
    ])
    func `a path with other methods only is told apart from no path`(
        keys: [String],
        path: String,
        outcome: Match.Outcome
    ) throws {
        #expect(try Router(apis: [try api(routes: keys)]).match("DELETE", path).outcome == outcome)
    }

    @Test func `ANY stands for the methods of route keys only`() throws {
        let router = try Router(apis: [try api(routes: ["ANY /a"])])
        for method in Method.allCases where method != .other { #expect(try router.match(method.name, "/a").route == 0) }
        #expect(try router.match("TRACE", "/a").outcome == .methodNotAllowed(allow: .any))
    }

    @Test func `OPTIONS of a path without such a route is told what the path takes`() throws {
        let outcome = try Router(apis: [try api(routes: ["GET /a", "POST /a"])]).match("OPTIONS", "/a").outcome
        guard case .methodNotAllowed(let allow) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(allow.description == "GET, HEAD, POST, OPTIONS")
    }

    @Test(arguments: [
        ("", "/x", 0, "/x"), ("", "/v1/x", 1, "/x"), ("", "/v1", 1, ""), ("", "/v1/", 1, "/"), ("", "/v1x", 0, "/v1x"),
        ("", "/v1/items", 2, ""), ("", "/v1/items/7", 2, "/7"), ("", "/v1/item", 1, "/item"),
        ("a.test", "/v1/x", 3, "/v1/x"), ("A.test:80", "/v1/x", 3, "/v1/x"), ("b.test", "/w/x", 4, "/x"),
        ("b.test", "/x", nil, "/x"), ("c.b.test", "/w", 4, ""), ("c.test", "/v1/x", 1, "/x"),
    ])
    func `the longest base path of the host takes the path`(
        host: String,
        path: String,
        index: Int?,
        rest: String
    ) throws {
        let router = try Router(apis: [
            try api("root"), try api("v1", path: "/v1"), try api("items", path: "/v1/items/"),
            try api("a", hosts: ["a.test"]), try api("b", hosts: ["b.test", "*.b.test"], path: "/w"),
        ])
        let answer = try router.match("GET", path, host: host)
        #expect(answer.api == index)
        #expect(answer.rest == rest)
        #expect(answer.outcome == (index == nil ? .notFound : .route(0)))
    }

    @Test func `routes play no part in the choice of the API`() throws {
        let router = try Router(apis: [try api(routes: ["GET /v1/x"]), try api("v1", path: "/v1", routes: ["GET /y"])])
        #expect(try router.match("GET", "/v1/x") == Answer(outcome: .notFound, api: 1, rest: "/x", parameters: []))
    }

    @Test func `parameters are counted behind the base path`() throws {
        let router = try Router(apis: [try api(path: "/v1.0", routes: ["GET /a/{x}/b/{y}/{z+}"])])
        #expect(try router.match("GET", "/v1.0/a/1/b/2/3/4/").parameters == ["1", "2", "3/4/"])
    }

    @Test func `an encoded slash is refused unless the API takes it, as data of one segment`() throws {
        let keys = ["GET /{a}", "GET /{a}/{b}", "POST /x%2fy"]
        let strict = try Router(apis: [try api(routes: ["GET /{a}"])])
        #expect(try strict.match("GET", "/x%2Fy").outcome == .refused(.encodedSlash))
        let lenient = try Router(apis: [try api(encodedSlashes: true, routes: keys)])
        #expect(try lenient.match("GET", "/x%2fy").parameters == ["x%2Fy"])
        #expect(try lenient.match("POST", "/x%2Fy").route == 2)
        #expect(throws: PathFault.dotSegment) { try lenient.match("GET", "/x%2F..%2Fy") }
    }

    @Test func `a request path may have any number of segments`() throws {
        let keys = ["GET /" + (0..<63).map { "s\($0)" }.joined(separator: "/") + "/{p}", "POST /{p+}"]
        let router = try Router(apis: [try api(routes: keys)])
        let path = "/" + (0..<63).map { "s\($0)" }.joined(separator: "/")
        #expect(try router.match("GET", path + "/x").parameters == ["x"])
        #expect(try router.match("GET", path + "/x/").route == 0)
        let allow: MethodSet = [.init(.post), .init(.options)]
        #expect(try router.match("GET", path + "/x/y").outcome == .methodNotAllowed(allow: allow))
        #expect(try router.match("POST", path + path).parameters == [String((path + path).dropFirst())])
    }

    @Test func `a request without parameters has none to read`() async {
        await #expect(processExitsWith: .failure) { _ = ParameterRanges()[0] }
    }
}
