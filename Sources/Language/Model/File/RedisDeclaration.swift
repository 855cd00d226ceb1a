/// `redis` as it is written: its secret has yet to be found.
struct RedisDeclaration {
    var server: RedisServer
    var password: Located<SecretReference>?
}

extension Shape<RedisDeclaration> {
    /// `redis`.
    static var redis: Shape {
        .either(
            scalar: Shape<String>.redisURL.located.map { url in
                RedisDeclaration(server: RedisServer(url: url.value, source: url.location))
            },
            mapping: .record(
                "a mapping with url",
                .required("url", Shape<String>.redisURL.located, "Where the server is."),
                .optional("user", Shape<String>.text("a user's name"), "The user of the server's access list."),
                .optional("password", Shape<SecretReference>.secret.located, "Where the user's password is found.")
            ) { url, user, password in
                let server = RedisServer(url: url.value, user: user, source: url.location)
                return RedisDeclaration(server: server, password: password)
            }
        )
    }
}

extension Shape<Bool> {
    /// `quotas`: whether calls pass uncounted while Redis is away.
    static var quotas: Shape {
        .record(
            "a mapping with on_failure",
            .required(
                "on_failure",
                Shape<Bool>.choice([("closed", false), ("open", true)]),
                "While Redis can't be asked, calls that need it are refused with 503, or pass uncounted."
            )
        ) { $0 }
    }
}

extension Shape<String> {
    fileprivate static var redisURL: Shape {
        let expected = "a URL as redis://host:6379/0, or rediss:// for TLS"
        return .scalar(expected, pattern: "^rediss?://[^@]+$") { (text) throws(Fault) in
            guard !text.contains("@") else {
                // What stands before it may be a password, so it is not repeated.
                throw Fault("user and password have keys of their own here, \"user\" and \"password\"")
            }
            guard text.hasPrefix("redis://") || text.hasPrefix("rediss://") else {
                throw Fault("expected \(expected)", text: text)
            }
            return text
        }
    }
}
