import Exchange
import Integrations
import Model
import NIOCore
import NIOEmbedded
import Testing

@testable import Pipeline

/// Steps that let a call wait, and what has happened to the snapshot meanwhile.
struct WaitingStepTests {
    /// A step that leaves its verdict to the test.
    private struct Waiting: Step {
        let name = "waiting"

        func run(_ exchange: Exchange) -> Verdict { .wait }
    }

    /// An API that sends everything to the last of the backends. Their names can't be resolved, so nothing is sent anywhere.
    private static func publication(revision: Int, backends: [String]) throws -> Publication {
        let integration = Integration.httpProxy(HTTPProxyIntegration(backend: backends.last ?? ""))
        let route = Route(key: try RouteKey("$default"), integration: integration)
        let model = Model(
            listeners: [Listener(port: 0)],
            apis: [HTTPAPI(name: "all", routes: [route])],
            backends: backends.map { Backend(name: $0, targets: [Backend.Target(host: "\($0).invalid", port: 80)]) }
        )
        return Publication(try Snapshot(model, revision: revision, steps: [Waiting()]))
    }

    /// The cause and the backend of a call that began under the first model, when another one is served by the time its step
    /// decides.
    private func outcome(before: [String], after: [String]) throws -> (Cause?, String?) {
        let loop = EmbeddedEventLoop()
        let worker = Worker(try Self.publication(revision: 1, backends: before), on: loop, workers: 1, seed: 1)
        let exchange = Exchange(worker: worker.context)
        exchange.request.bytes = ByteBuffer(string: "GET / HTTP/1.1\r\n\r\n")
        exchange.request.method = ByteRange(start: 0, count: 3)
        exchange.request.path = ByteRange(start: 4, count: 1)
        let client = SilentClient()
        exchange.client = client
        exchange.handler = worker
        worker.begin(exchange)
        #expect(client.statuses.isEmpty)
        worker.adopt(try Self.publication(revision: 2, backends: after))
        exchange.resume(with: .next)
        #expect(client.statuses == [503])
        return (exchange.record.cause, exchange.record.backend)
    }

    @Test func `a backend that a reload has moved is still found`() throws {
        let (cause, backend) = try outcome(before: ["one", "two"], after: ["two"])
        #expect(cause == "backend.unresolved")
        #expect(backend == "two")
    }

    @Test func `a backend in the place of another one is not taken for it`() throws {
        let (cause, backend) = try outcome(before: ["one"], after: ["two", "one"])
        #expect(cause == "backend.unresolved")
        #expect(backend == "one")
    }

    @Test func `a call whose backend a reload has removed is refused`() throws {
        let (cause, backend) = try outcome(before: ["one"], after: ["two"])
        #expect(cause == "backend.removed")
        #expect(backend == nil)
    }
}

/// A client's side that notes the status of replies.
private final class SilentClient: ClientStream {
    private(set) var statuses: [Int] = []

    func send(_ reply: Reply) { statuses.append(reply.status) }

    func sendInformational(_ head: borrowing ResponseHead) {}

    func send(_ head: borrowing ResponseHead) {}

    func sendBody(_ part: ByteBuffer) {}

    func sendEnd(trailers: ByteBuffer?) {}

    func flush() {}

    func abort(_ cause: Cause) {}

    func resumeRequestBody() {}
}
