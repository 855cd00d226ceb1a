import NIOCore
import Testing

@testable import Integrations

@Suite struct WebSocketAcceptTests {
    /// The first is RFC 6455's own (1.3); the others were computed with Python's hashlib.
    @Test(arguments: [
        ("dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        ("AAAAAAAAAAAAAAAAAAAAAA==", "ICX+Yqv66kxgM0FcWaLWlFLwTAI="),
        ("//////////////////////==", "zXRQvy1wi5A4l0hwWYxMN3e2wNk="),
    ])
    func `the answer to a key is its hash`(key: String, accept: String) {
        #expect(String(buffer: WebSocketAccept.value(forKey: ByteBuffer(string: key))) == accept)
    }
}
