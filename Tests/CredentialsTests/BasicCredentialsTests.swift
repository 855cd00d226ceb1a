import Testing

@testable import Credentials

@Suite struct BasicCredentialsTests {
    private func read(
        _ text: String,
        scheme: String = "Basic ",
        form: BasicCredentials.Form = .userPassword
    ) throws(BasicFailure) -> BasicCredentials {
        let value = Array(scheme.utf8) + Base64.padded.encode(Array(text.utf8))
        return try BasicCredentials(value.span, form: form)
    }

    @Test(arguments: [
        ("Aladdin:open sesame", "Aladdin", "open sesame"), ("test:123£", "test", "123£"), ("a:", "a", ""),
        ("a:b:c", "a", "b:c"),
        ("a::", "a", ":"),
    ])
    func `user and password are told apart at the first colon`(text: String, user: String, password: String) throws {
        let credentials = try read(text)
        #expect(credentials.user == user)
        #expect(credentials.password == Array(password.utf8))
        #expect(credentials.apiKey == nil)
    }

    @Test(arguments: [("id:pass:key", "pass", "key"), ("id::key", "", "key"), ("id:a:b:c:key", "a:b:c", "key")])
    func `a key stands behind the last colon`(text: String, password: String, key: String) throws {
        let credentials = try read(text, form: .userPasswordKey)
        #expect(credentials.user == "id")
        #expect(credentials.password == Array(password.utf8))
        #expect(credentials.apiKey == Array(key.utf8))
    }

    @Test(arguments: ["Basic ", "basic ", "BASIC ", "bAsIc   "])
    func `the scheme's case and spaces do not count`(scheme: String) throws {
        #expect(try read("a:b", scheme: scheme).user == "a")
    }

    @Test(arguments: [
        ("a", BasicFailure.notInForm), (":b", .notInForm), ("a\n:b", .notText), ("a:b\0", .notText),
        ("a:\u{7F}", .notText),
    ])
    func `a text that is not in the form is refused`(text: String, failure: BasicFailure) {
        #expect(throws: failure) { try read(text) }
    }

    @Test(arguments: ["a:b", "a:b:", "a", ":b:c"])
    func `a text without a key is refused where there must be one`(text: String) {
        #expect(throws: BasicFailure.notInForm) { try read(text, form: .userPasswordKey) }
    }

    @Test(arguments: [
        ("", BasicFailure.otherScheme), ("Basic", .otherScheme), ("Basic ", .otherScheme),
        ("Bearer YTpi", .otherScheme),
        ("BasicYTpi", .otherScheme), ("Basic YTpi YTpi", .notBase64), ("Basic YTo", .notBase64),
        ("Basic YTpi=", .notBase64),
        ("Basic YTpi,", .notBase64), ("Basic  ", .notInForm), ("Basic YTr/", .notText),
    ])
    func `another value is refused`(value: String, failure: BasicFailure) {
        #expect(throws: failure) { try BasicCredentials(Array(value.utf8).span, form: .userPassword) }
    }

    @Test func `limits hold`() throws {
        func name(_ count: Int) -> String { String(repeating: "n", count: count) }
        #expect(throws: Never.self) { try read("\(name(256)):\(name(1024))") }
        #expect(throws: BasicFailure.notInForm) { try read("\(name(257)):x") }
        #expect(throws: BasicFailure.tooLong) { try read("a:\(name(1025))") }
        #expect(throws: BasicFailure.tooLong) { try read("a:\(name(5000))") }
        #expect(throws: BasicFailure.notInForm) { try read("a:b:\(name(257))", form: .userPasswordKey) }
    }
}
