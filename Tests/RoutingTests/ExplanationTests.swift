import Model
import Testing

@testable import Routing

@Suite struct ExplanationTests {
    @Test func `each API is told why it was not taken`() throws {
        let apis = [
            try api("exact", hosts: ["a.test"], path: "/v1"), try api("wild", hosts: ["*.test"]),
            try api("everywhere"), try api("elsewhere", hosts: ["b.org"]),
            try api("deep", hosts: ["a.test"], path: "/v1/x"), try api("other", hosts: ["a.test"], path: "/v2"),
        ]
        let explanation = try Explanation(apis: apis, host: "a.test:80", method: "GET", path: "/v1/x/7")
        let exact = try HostPattern("a.test")
        #expect(
            explanation.apis.map(\.verdict) == [
                .lessSpecificBasePath(than: try BasePath("/v1/x")), .lessSpecificHost(than: exact),
                .lessSpecificHost(than: exact), .otherHost, .taken, .otherBasePath,
            ]
        )
        #expect(explanation.match.api == 4)
    }

    @Test func `each route is told why it was not taken`() throws {
        let apis = [try api(routes: RouterTests.shop + ["POST /shop/book/{isbn}", "GET /toy"])]
        let explanation = try Explanation(apis: apis, host: "", method: "GET", path: "//shop/book/%37")
        let winner = try RouteKey("GET /shop/book/7")
        #expect(explanation.path == "/shop/book/7")
        #expect(
            explanation.routes.map(\.verdict) == [
                .taken, .lessSpecific(than: winner), .lessSpecific(than: winner), .lessSpecific(than: winner),
                .lessSpecific(than: winner), .otherMethod, .otherPath,
            ]
        )
        #expect(explanation.routes[1].verdict.description == "is less specific than GET /shop/book/7")
    }

    @Test(arguments: [("/..", PathFault.dotSegment, nil), ("/a%2Fb", .encodedSlash, 0)])
    func `a refused path is told with its cause`(path: String, fault: PathFault, index: Int?) throws {
        let explanation = try Explanation(apis: [try api()], host: "", method: "GET", path: path)
        #expect(explanation.match.outcome == .refused(fault))
        #expect(explanation.match.api == index)
        #expect(explanation.routes.isEmpty)
    }

    @Test func `a host that nobody serves leaves every API untaken`() throws {
        let apis = [try api("a", hosts: ["a.test"]), try api("b", hosts: ["b.test"], path: "/x")]
        let explanation = try Explanation(apis: apis, host: "c.test", method: "GET", path: "/x")
        #expect(explanation.apis.map(\.verdict) == [.otherHost, .otherHost])
        let below = try Explanation(apis: apis, host: "b.test", method: "GET", path: "/y")
        #expect(below.apis.map(\.verdict) == [.otherHost, .otherBasePath])
    }
}
