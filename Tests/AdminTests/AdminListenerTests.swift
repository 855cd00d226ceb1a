import Logging
import Model
import NIOCore
import Testing

@testable import Admin

@Suite(.timeLimit(.minutes(5))) struct AdminListenerTests {
    @Test func `liveness is told while the process lives`() async throws {
        let answer = try await ask("GET", "/livez")
        #expect(answer.status == 200)
        #expect(answer.body == #"{"live":true}"# + "\n")
    }

    @Test func `readiness is told with the reasons against it`() async throws {
        #expect(try await ask("GET", "/readyz").status == 200)
        let answer = try await ask("GET", "/readyz", of: FixedStatus(reasons: ["a listener is not open"]))
        #expect(answer.status == 503)
        #expect(answer.body == #"{"ready":false,"reasons":["a listener is not open"]}"# + "\n")
    }

    @Test func `metrics are Prometheus text`() async throws {
        let answer = try await ask("GET", "/metrics?x=1")
        #expect(answer.fields["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
        #expect(answer.body == "up 1\n")
    }

    @Test func `the snapshot is told with null for no error`() async throws {
        let answer = try await ask("GET", "/snapshot")
        #expect(
            answer.body == #"{"apis":0,"backends":0,"compile_ms":1.5,"last_error":null,"#
                + #""loaded_at":"2026-01-02T03:04:05.678Z","revision":3,"routes":0}"# + "\n"
        )
    }

    @Test func `a refused configuration is told with its faults and places`() async throws {
        let place = SourceLocation(file: "a.yaml", line: 2, column: 3)
        let fault = Fault("unknown key", at: place, text: "pth", suggestion: "path")
        let refusal = SnapshotReport.Refusal(at: "2026-01-02T03:04:06.000Z", faults: [fault, Fault("no APIs")])
        let answer = try await ask("GET", "/snapshot", of: FixedStatus(refusal: refusal))
        #expect(
            answer.body.contains(
                #""last_error":{"at":"2026-01-02T03:04:06.000Z","faults":[{"column":3,"file":"a.yaml","line":2,"#
                    + #""message":"unknown key","suggestion":"path","text":"pth"},{"column":null,"file":null,"#
                    + #""line":null,"message":"no APIs","suggestion":null,"text":null}]}"#
            )
        )
    }

    @Test func `HEAD has the length and no body`() async throws {
        let answer = try await ask("HEAD", "/metrics")
        #expect(answer.status == 200)
        #expect(answer.fields["content-length"] == "5")
        #expect(answer.body.isEmpty)
    }

    @Test func `other methods and paths are refused in JSON`() async throws {
        let post = try await ask("POST", "/livez")
        #expect(post.status == 405)
        #expect(post.fields["allow"] == "GET, HEAD")
        let other = try await ask("GET", "/etc/passwd")
        #expect(other.status == 404)
        #expect(other.fields["content-type"] == "application/json")
        #expect(other.body.contains("/snapshot"))
    }

    @Test(arguments: ["Bearer key", "bearer  key"])
    func `who has the token is told everything`(authorization: String) async throws {
        for path in ["/metrics", "/snapshot"] {
            let fields = "Authorization: \(authorization)\r\n"
            #expect(try await ask("GET", path, fields: fields, token: Secret("key")).status == 200)
        }
    }

    @Test(arguments: ["", "Authorization: Bearer kex\r\n", "Authorization: Basic key\r\n", "Authorization: Bearer\r\n"])
    func `who has not is told no more than whether the gateway lives and is ready`(fields: String) async throws {
        for path in ["/metrics", "/snapshot"] {
            let answer = try await ask("GET", path, fields: fields, token: Secret("key"))
            #expect(answer.status == 401)
            #expect(answer.fields["www-authenticate"] == "Bearer")
        }
        for path in ["/livez", "/readyz"] {
            #expect(try await ask("GET", path, fields: fields, token: Secret("key")).status == 200)
        }
    }

    @Test func `a page under a name of its own is told nothing`() async throws {
        let answer = try await ask("GET", "/snapshot", host: "rebound.evil.test")
        #expect(answer.status == 421)
        #expect(!answer.body.contains("revision"))
    }

    @Test func `a port that is taken is an error`() async throws {
        let logger = Logger(label: "test")
        let first = try await AdminListener.start(
            address: "127.0.0.1",
            port: 0,
            status: FixedStatus(),
            logger: logger
        )
        let port = try #require(first.address.port)
        await #expect(throws: IOError.self) {
            _ = try await AdminListener.start(
                address: "127.0.0.1",
                port: port,
                status: FixedStatus(),
                logger: logger
            )
        }
        await first.stop()
    }

    @Test func `after a stop nobody listens`() async throws {
        let listener = try await AdminListener.start(
            address: "127.0.0.1",
            port: 0,
            status: FixedStatus(),
            logger: Logger(label: "test")
        )
        let address = listener.address
        await listener.stop()
        await #expect(throws: (any Error).self) { try await RawClient.exchange("", with: address) }
    }

    /// One request on one connection to a listener of its own.
    private func ask(
        _ method: String,
        _ path: String,
        of status: FixedStatus = FixedStatus(),
        host: String? = nil,
        fields: String = "",
        token: Secret? = nil
    ) async throws -> RawAnswer {
        let listener = try await AdminListener.start(
            address: "127.0.0.1",
            port: 0,
            token: token,
            status: status,
            logger: Logger(label: "test")
        )
        let host = host ?? "127.0.0.1:\(listener.address.port ?? 0)"
        let request = "\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\n\(fields)Connection: close\r\n\r\n"
        let text = try await RawClient.exchange(request, with: listener.address)
        await listener.stop()
        return try RawAnswer(text)
    }
}
