import Testing

@testable import Credentials

@Suite struct Base64Tests {
    // RFC 4648, 10, and bytes that show the two alphabets.
    @Test(arguments: [
        ("", "", ""), ("f", "Zg==", "Zg"), ("fo", "Zm8=", "Zm8"), ("foo", "Zm9v", "Zm9v"),
        ("foob", "Zm9vYg==", "Zm9vYg"),
        ("fooba", "Zm9vYmE=", "Zm9vYmE"), ("foobar", "Zm9vYmFy", "Zm9vYmFy"), ("??>", "Pz8+", "Pz8-"),
    ])
    func `a text stands for the bytes that it was made of`(bytes: String, padded: String, url: String) {
        #expect(Base64.padded.encode(Array(bytes.utf8)) == Array(padded.utf8))
        #expect(Base64.url.encode(Array(bytes.utf8)) == Array(url.utf8))
        #expect(Base64.padded.decode(Array(padded.utf8)) == Array(bytes.utf8))
        #expect(Base64.url.decode(Array(url.utf8)) == Array(bytes.utf8))
    }

    @Test(arguments: [
        "Zg", "Zg=", "Zg===", "Z===", "====", "=", "Zm8", "Zm9=", "Zh==", "Zm9v\n", "Zm 9v", "Zm-v", "Zg==Zg==",
    ])
    func `a padded text that is not the only one for its bytes is refused`(text: String) {
        #expect(Base64.padded.decode(Array(text.utf8)) == nil)
    }

    @Test(arguments: ["Z", "Zm9vY", "Zg==", "Zh", "Zm9", "Zm+v", "Zm/v", "Zm9v.", "Zm9v\u{E9}"])
    func `a url text that is not the only one for its bytes is refused`(text: String) {
        #expect(Base64.url.decode(Array(text.utf8)) == nil)
    }

    @Test func `all bytes and lengths come back`() {
        for count in 0..<300 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ count) }
            for form in [Base64.padded, .unpadded, .url] {
                #expect(form.decode(form.encode(bytes)) == bytes)
            }
        }
    }
}
