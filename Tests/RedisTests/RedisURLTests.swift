import Model
import Redis
import Testing

@Suite struct RedisURLTests {
    struct Sample: CustomTestStringConvertible {
        var url: String
        var host = "h"
        var port = 6379
        var user: String?
        var password: String?
        var database = 0
        var testDescription: String { url }
    }

    @Test(arguments: [
        Sample(url: "redis://h"), Sample(url: "redis://h/"), Sample(url: "redis://h:1/2", port: 1, database: 2),
        Sample(url: "redis://:p@h", password: "p"), Sample(url: "redis://u:p@h", user: "u", password: "p"),
        Sample(url: "redis://u@h", user: "u"),
        Sample(url: "redis://u%40x:p%2f%3A@h:7", port: 7, user: "u@x", password: "p/:"),
        Sample(url: "redis://u:p@x/y:z@h/3", user: "u", password: "p@x/y:z", database: 3),
        Sample(url: "redis://[::1]:7/1", host: "::1", port: 7, database: 1), Sample(url: "redis://[::1]", host: "::1"),
        Sample(url: "redis://127.0.0.1", host: "127.0.0.1"),
    ])
    func `a URL says where the server is and who asks`(sample: Sample) throws {
        let configuration = try RedisConfiguration(url: sample.url)
        #expect(configuration.host == sample.host)
        #expect(configuration.port == sample.port)
        #expect(configuration.user == sample.user)
        #expect(configuration.password == sample.password.map { Secret($0) })
        #expect(configuration.database == sample.database)
        #expect(configuration.tls == nil)
    }

    @Test func `the secure scheme asks for TLS that is verified`() throws {
        #expect(try RedisConfiguration(url: "rediss://h").tls?.isVerified == true)
    }

    @Test(arguments: [
        ("http://h", RedisURLFault.scheme), ("redis:h", .scheme), ("REDIS://h", .scheme), ("redis://", .host),
        ("redis://:1", .host), ("redis://a b", .host), ("redis://::1", .host), ("redis://[::1", .host),
        ("redis://[h]", .host), ("redis://[::1]x", .host), ("redis://u:p@", .host), ("redis://h:0", .port),
        ("redis://h:65536", .port), ("redis://h:+1", .port), ("redis://h:", .port), ("redis://h/x", .database),
        ("redis://h/-1", .database), ("redis://h/99999999999", .database), ("redis://%zz@h", .escape),
        ("redis://%ff@h", .escape), ("redis://%4@h", .escape), ("redis://%+1@h", .escape),
        ("redis://h?timeout=1", .superfluous), ("redis://h#x", .superfluous),
    ])
    func `a URL that is none says what is wrong`(url: String, fault: RedisURLFault) {
        #expect(throws: fault) { try RedisConfiguration(url: url) }
    }
}
