import Daemun
import Model

let args = CommandLine.arguments
var model = Model(listeners: [Listener(address: "127.0.0.1", port: Int(args[1]) ?? 9201)])
let count = args.count > 3 ? Int(args[3]) ?? 0 : 0
model.backends = [Backend(name: "b", targets: [Backend.Target(host: "127.0.0.1", port: Int(args[2]) ?? 9000)])]
var routes = [Route(key: .default, integration: .httpProxy(HTTPProxyIntegration(backend: "b")))]
for index in 0..<count {
    routes.append(Route(key: try RouteKey("GET /svc\(index)/{proxy+}"), integration: .httpProxy(HTTPProxyIntegration(backend: "b"))))
}
model.apis = [HTTPAPI(name: "all", routes: routes)]
let gateway = try await Gateway.start(model, threads: 1)
print("up")
try await Task.sleep(for: .seconds(100_000))
_ = gateway
