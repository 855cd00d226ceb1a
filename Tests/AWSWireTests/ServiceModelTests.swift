import Credentials
import Testing

@testable import AWSWire

struct ServiceModelTests {
    @Test func `the services have all their operations`() {
        #expect(ServiceModel.apiGateway.operations.count == 124)
        #expect(ServiceModel.apiGatewayV2.operations.count == 103)
    }

    @Test(
        arguments: [
            ("GET", "/restapis", "GetRestApis"),
            ("POST", "/restapis", "CreateRestApi"),
            ("POST", "/restapis?mode=import", "ImportRestApi"),
            ("GET", "/restapis/a/resources/b", "GetResource"),
            ("POST", "/restapis/a/resources/b", "CreateResource"),
            ("PUT", "/restapis/a/resources/b/methods/GET/integration/responses/200", "PutIntegrationResponse"),
            ("GET", "/restapis/a/models/b/default_template", "GetModelTemplate"),
            ("GET", "/tags/arn%3Aaws%3Aapigateway%3Aeu-west-1%3A%3A%2Frestapis%2Fa", "GetTags"),
            ("GET", "/v2/apis/a/routes", "GetRoutes"),
            ("PUT", "/v2/apis", "ImportApi"),
        ]
    )
    func `a request is of one operation`(method: String, target: String, operation: String) throws {
        let parts = target.split(separator: "?")
        var request = AWSRequest(
            method: method,
            path: String(parts[0]),
            query: parts.count == 2 ? String(parts[1]) : ""
        )
        request.body = Array("{}".utf8)
        #expect(try Self.operation(of: request) == operation)
    }

    @Test(arguments: [("GET", "/"), ("DELETE", "/restapis"), ("GET", "/restapis/a/b"), ("GET", "/v2/nothing")])
    func `any other is of none`(method: String, path: String) {
        #expect(throws: AWSError.unknownOperation) { try Self.operation(of: AWSRequest(method: method, path: path)) }
    }

    /// Whatever else is wrong with the request.
    private static func operation(of request: AWSRequest) throws -> String {
        let query = request.parameters.map {
            (name: String(decoding: $0.name, as: UTF8.self), value: String(decoding: $0.value, as: UTF8.self))
        }
        let path = request.path.split(separator: "/")
        let model = ServiceModel.of(path: request.path)
        guard let found = model.operation(method: request.method, path: path, query: query) else {
            throw AWSError.unknownOperation
        }
        return found.0.name
    }
}
