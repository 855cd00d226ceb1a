// A gateway inside a Swift program, with a step of its own: a call must bring a key.
//
//     swift run EmbeddedGateway
//     curl -i http://127.0.0.1:8080/hello
//     curl -i -H 'X-Key: open-sesame' http://127.0.0.1:8080/hello
import Daemun
import Exchange
import Model

/// Lets a call pass only when it brings the right key.
struct KeyStep: Step {
    let name = "example-key"
    let key: String

    func run(_ exchange: Exchange) -> Verdict {
        if exchange.request.text(ofField: "x-key") == key { return .next }
        return .refuse(Refusal(status: 401, cause: "example.key", message: "Send the right X-Key"))
    }
}

@main
struct EmbeddedGateway {
    static func main() async throws {
        let reply = MockIntegration(headers: [MockHeader(name: "Content-Type", value: "text/plain")], body: "hello\n")
        let hello = Route(key: try RouteKey("GET /hello"), integration: .mock(reply))
        let model = Model(
            listeners: [Listener(address: "127.0.0.1", port: 8080)],
            apis: [HTTPAPI(name: "hello", routes: [hello])]
        )
        let gateway = try await Gateway.start(model, options: GatewayOptions(steps: [KeyStep(key: "open-sesame")]))
        print("serving on \(await gateway.addresses)")
        try await Task.sleep(for: .seconds(3_600))
        try await gateway.stop()
    }
}
