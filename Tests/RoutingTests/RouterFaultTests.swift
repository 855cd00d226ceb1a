import Model
import Testing

@testable import Routing

@Suite struct RouterFaultTests {
    @Test(arguments: [
        ["GET /a", "GET /a"], ["GET /a/{x}", "GET /a/{y}"], ["GET /a", "GET /a/"], ["ANY /{x+}", "ANY /{y+}"],
        ["$default", "$default"], ["GET /~", "GET /%7e"],
        ["GET /a/%2e%2e"], ["GET /%zz"], ["GET /a%2Fb"], ["GET /a%5Cb"],
        ["GET /" + (0..<65).map { "s\($0)" }.joined(separator: "/")],
        ["GET /" + (0..<17).map { "{s\($0)}" }.joined(separator: "/")],
    ])
    func `a route that no request can reach is a fault`(keys: [String]) throws {
        let apis = [try api(routes: keys)]
        let faults = #expect(throws: Faults.self) { try Router(apis: apis) }
        #expect(faults?.all.count == 1)
    }

    @Test(arguments: [
        ["GET /a/{x}", "ANY /a/{y}", "GET /a/{z+}", "POST /a/{z}"],
        ["GET /" + (0..<64).map { "s\($0)" }.joined(separator: "/")],
        ["GET /" + (0..<16).map { "{s\($0)}" }.joined(separator: "/")],
    ])
    func `routes that differ in method, shape or length stand side by side`(keys: [String]) throws {
        _ = try Router(apis: [try api(routes: keys)])
    }

    @Test func `two APIs at one place are a fault`() throws {
        let clashes = [
            [try api("a"), try api("b")],
            [try api("a", path: "/v1"), try api("b", path: "/v1/")],
            [try api("a", path: "/~"), try api("b", path: "/%7e")],
            [try api("a", hosts: ["x.test"]), try api("b", hosts: ["y.test", "X.test"])],
            [try api("a", hosts: ["x.test", "x.test"])],
        ]
        for apis in clashes {
            let faults = #expect(throws: Faults.self) { try Router(apis: apis) }
            #expect(faults?.all.count == 1)
        }
        _ = try Router(apis: [try api("a", hosts: ["x.test"]), try api("b", hosts: ["*.x.test"]), try api("c")])
    }

    @Test func `all faults are told at once, each at its place and naming the other`() throws {
        var faulty = try api(routes: ["GET /a", "GET /a", "GET /%5C", "GET /b", "GET /b"])
        for index in faulty.routes.indices {
            faulty.routes[index].source = SourceLocation(file: "f.yaml", line: index + 1, column: 1)
        }
        let apis = [faulty]
        let faults = try #require(#expect(throws: Faults.self) { try Router(apis: apis) })
        #expect(faults.all.map { $0.location?.line } == [2, 3, 5])
        #expect(faults.all[0].message.contains("f.yaml:1:1"))
    }

    @Test func `a method that no route key can name is a fault`() throws {
        var odd = try api(routes: [])
        let path = try PathTemplate("/")
        odd.routes = [Route(key: .path(.method("TRACE"), path), integration: .mock(MockIntegration()))]
        let apis = [odd]
        #expect(throws: Faults.self) { try Router(apis: apis) }
    }
}
