import Testing

@testable import DaemunCommand

@Suite struct DemoAnswerTests {
    @Test func `a request is echoed`() {
        let answer = DemoAnswer(
            to: "POST",
            "/a/b?c=d",
            fields: [("X-One", "1"), ("Accept", "a"), ("Accept", "b")],
            bodyBytes: 7,
            server: "127.0.0.1:9000"
        )
        #expect(answer.status == 200)
        #expect(
            answer.body == """
                {
                  "body" : 7,
                  "headers" : {
                    "Accept" : "a, b",
                    "X-One" : "1"
                  },
                  "method" : "POST",
                  "path" : "/a/b?c=d",
                  "server" : "127.0.0.1:9000"
                }

                """
        )
    }

    @Test(arguments: [("/slow?ms=250", 250), ("/slow", 1_000), ("/slow?a=b&ms=999999", 120_000), ("/other?ms=5", 0)])
    func `slowness is asked for, within bounds`(target: String, milliseconds: Int) {
        #expect(answer(to: target).delay == .milliseconds(milliseconds))
    }

    @Test(arguments: [("/status/503", 503), ("/status/204?x", 204), ("/status/99", 200), ("/status/a", 200)])
    func `a status is asked for`(target: String, status: Int) {
        #expect(answer(to: target).status == status)
    }

    private func answer(to target: String) -> DemoAnswer {
        DemoAnswer(to: "GET", target, fields: [], bodyBytes: 0, server: "")
    }
}
