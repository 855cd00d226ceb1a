import Exchange
import Model
import NIOCore
import NIOEmbedded
import Testing

@testable import Pipeline

struct RequestAdmissionTests {
    private let loop = EmbeddedEventLoop()
    private let inFlight = RequestsInFlight()

    private func admission(_ limits: Limits) -> RequestAdmission {
        let admission = RequestAdmission(eventLoop: loop, inFlight: inFlight)
        admission.apply(limits)
        return admission
    }

    private func exchange(_ path: String = "/") -> Exchange {
        let exchange = Exchange(worker: WorkerContext(eventLoop: loop, seed: 1))
        let bytes = ByteBuffer(string: path)
        exchange.path = CanonicalPath(buffer: bytes, range: ByteRange(start: 0, count: bytes.readableBytes))
        return exchange
    }

    @Test func `without limits nothing is counted`() {
        let admission = admission(Limits())
        #expect(!admission.isActive)
        #expect(inFlight.current == 0)
    }

    @Test func `requests over the limit are refused until one has ended`() {
        let admission = admission(Limits(requests: 2))
        let calls = [exchange(), exchange(), exchange()]
        #expect(calls.map { admission.admit($0)?.cause } == [nil, nil, "overload.requests"])
        #expect(calls.map(\.isCounted) == [true, true, false])
        admission.release()
        #expect(admission.admit(calls[2]) == nil)
        #expect(inFlight.current == 2)
    }

    @Test func `workers share the limit`() {
        let one = admission(Limits(requests: 1))
        let other = admission(Limits(requests: 1))
        #expect(one.admit(exchange()) == nil)
        #expect(other.admit(exchange())?.status == 503)
    }

    @Test func `a health check is served over the limit`() {
        let admission = admission(Limits(requests: 1, overload: Overload(exempt: ["/healthz"])))
        defer { admission.stop() }
        #expect(admission.admit(exchange()) == nil)
        #expect(admission.admit(exchange("/healthz")) == nil)
        for path in ["/health", "/healthz/", "/healthzz"] { #expect(admission.admit(exchange(path)) != nil) }
    }

    @Test func `a limit that a reload takes away leaves no count behind`() {
        let admission = admission(Limits(requests: 5))
        let call = exchange()
        #expect(admission.admit(call) == nil)
        admission.apply(Limits())
        #expect(!admission.isActive)
        #expect(call.isCounted)
        admission.release()
        #expect(inFlight.current == 0)
    }

    @Test func `the delay is measured only while there is a rule, which a reload may change`() {
        let admission = admission(Limits(overload: Overload()))
        #expect(admission.status?.share == 0)
        admission.apply(Limits(overload: Overload(exempt: ["/healthz"])))
        #expect(admission.status != nil)
        admission.apply(Limits())
        #expect(admission.status == nil)
        loop.advanceTime(by: .seconds(1))
        admission.stop()
    }
}
