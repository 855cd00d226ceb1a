import Testing

@testable import Routing

@Suite struct MethodTests {
    @Test(arguments: Method.allCases.filter { $0 != .other })
    func `a method is recognised by its name`(method: Method) {
        #expect(Method(Array(method.name.utf8).span) == method)
    }

    @Test(arguments: ["", "get", "GETS", "GE", "TRACE", "CONNECT", "PROPFIND", "OPTIONSS", "\0GET"])
    func `other names are other methods`(name: String) {
        #expect(Method(Array(name.utf8).span) == .other)
    }

    @Test func `a set is written as an Allow field`() {
        let set: MethodSet = [.init(.options), .init(.get), .init(.head)]
        #expect(set.description == "GET, HEAD, OPTIONS")
        #expect(MethodSet.any.description == "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
        #expect(!MethodSet.any.contains(.other))
    }
}
