import Admin
import Daemun
import Model
import Testing

/// A gateway in this process, without traffic: what its operator does to it.
@Suite(.timeLimit(.minutes(5))) struct GatewayTests {
    private static func model(_ path: String, port: Int = 0) throws -> Model {
        let route = Route(key: try RouteKey("GET \(path)"), integration: .mock(MockIntegration()))
        return Model(
            listeners: [Listener(address: "127.0.0.1", port: port)],
            apis: [HTTPAPI(name: "a", routes: [route])],
            drainTimeout: .seconds(1)
        )
    }

    @Test func `reloads run one after the other, however they are called`() async throws {
        let gateway = try await Gateway.start(try Self.model("/0"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...20 {
                let model = try Self.model("/\(number)")
                group.addTask { try await gateway.reload(model) }
            }
            try await group.waitForAll()
        }
        #expect(await gateway.snapshot().revision == 21)
        #expect(await gateway.readiness().isEmpty)
        #expect(await gateway.addresses.count == 1)
        try await gateway.stop()
    }

    @Test func `a refused reload is remembered until one succeeds`() async throws {
        let gateway = try await Gateway.start(try Self.model("/"))
        var broken = try Self.model("/")
        broken.apis += broken.apis
        await #expect(throws: Faults.self) { try await gateway.reload(broken) }
        #expect(await gateway.metrics().contains("daemun_config_last_reload_successful 0"))
        #expect(await gateway.readiness().isEmpty)
        try await gateway.reload(try Self.model("/b"))
        #expect(await gateway.metrics().contains("daemun_config_last_reload_successful 1"))
        try await gateway.stop()
    }

    @Test func `a model with faults does not start`() async throws {
        var broken = try Self.model("/")
        broken.apis += broken.apis
        await #expect(throws: Faults.self) { try await Gateway.start(broken) }
    }
}
