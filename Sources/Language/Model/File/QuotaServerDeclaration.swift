/// `quotas` as it is written: its secret has yet to be found.
struct QuotaServerDeclaration {
    var server: QuotaServer
    var password: Located<SecretReference>?
}

extension Shape<QuotaServerDeclaration> {
    /// `quotas`.
    static var quotaServer: Shape {
        .record(
            "a mapping with redis",
            .required(
                "redis",
                Shape<String>.redisURL.located,
                "The Redis server that counts for all gateways that name it, instead of a folder."
            ),
            .optional("user", Shape<String>.text("a user's name"), "The user of the server's access list."),
            .optional("password", Shape<SecretReference>.secret.located, "Where the user's password is found."),
            .optional(
                "on_failure",
                Shape<Bool>.choice([("closed", false), ("open", true)]),
                default: false,
                "While the server can't be asked, calls that need it are refused with 503, or pass uncounted."
            )
        ) { url, user, password, opens in
            let server = QuotaServer(url: url.value, user: user, opensOnFailure: opens, source: url.location)
            return QuotaServerDeclaration(server: server, password: password)
        }
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
