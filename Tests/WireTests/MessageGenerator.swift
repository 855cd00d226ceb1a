import Exchange

/// Random messages of every legal shape, and random damage to them. The same seed gives the same messages.
struct MessageGenerator {
    private var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    mutating func request() -> [UInt8] {
        let version = pick(["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0"])
        let target = pick([
            "/", "/a/b", "/a?b=c", "/?", "*", "http://i/a", "https://[::1]:8/a?b", "http://i", "http://i?q",
            "//a/..;/%2e",
        ])
        var text = pick(["", "", "", "\r\n"])
        text += pick(["GET", "POST", "OPTIONS", "HEAD", "x-y"]) + " \(target) \(version)\r\n"
        return Array(latin1: text + section(with: "Host: " + pick(["h", "h:80", "[1::2]", "a.b.", "H:"])))
    }

    /// The fields of a request of HTTP/2; see `HTTP2RequestProperty`.
    mutating func http2Request() -> [UInt8] {
        var fields = [":method\u{1F}" + pick(["GET", "POST", "OPTIONS", "HEAD", "CONNECT"])]
        if number(below: 4) == 0 { fields.append(":protocol\u{1F}" + pick(["websocket", "websocket", "connect-udp"])) }
        fields.append(":scheme\u{1F}" + pick(["http", "https", "https", "ftp"]))
        fields.append(":path\u{1F}" + pick(["/", "/a?b=c", "/a", "*", "//", "http://i/"]))
        if flip() { fields.append(":authority\u{1F}" + pick(["h", "h:80", "[1::2]"])) }
        if flip() { fields.append("host\u{1F}" + pick(["h", "H", "h:80"])) }
        for _ in 0..<number(below: 5) {
            fields.append(
                pick([
                    "cookie\u{1F}a=b", "x\u{1F}y", "te\u{1F}trailers", "te\u{1F}gzip", "content-length\u{1F}3",
                    "content-length\u{1F}0", "expect\u{1F}100-continue", "connection\u{1F}close", "X\u{1F}y",
                    "empty\u{1F}",
                ])
            )
        }
        return [UInt8(number(below: 2))] + Array(latin1: fields.joined(separator: "\u{1E}"))
    }

    mutating func response() -> [UInt8] {
        let status = pick(["200", "204", "304", "100", "103", "404", "599", "205"])
        let line =
            pick(["HTTP/1.1", "HTTP/1.1", "HTTP/1.0"]) + " \(status)" + pick([" OK", " ", "", " Not \u{E9} Found"])
        return Array(latin1: line + "\r\n" + section(with: "Server: x"))
    }

    /// The fields of a response of HTTP/2; see `HTTP2ResponseProperty`.
    mutating func http2Response() -> [UInt8] {
        var fields = [":status\u{1F}" + pick(["200", "204", "304", "103", "404", "599", "99"])]
        for _ in 0..<number(below: 5) {
            fields.append(
                pick([
                    "x\u{1F}y", "content-length\u{1F}3", "content-length\u{1F}0", "connection\u{1F}close", "X\u{1F}y",
                    "empty\u{1F}", "x\u{1F} y ", ":path\u{1F}/", "set-cookie\u{1F}a=b",
                ])
            )
        }
        return [UInt8(number(below: 4))] + Array(latin1: fields.joined(separator: "\u{1E}"))
    }

    /// A PROXY protocol header of either version, and what may follow it.
    mutating func proxyHeader() -> [UInt8] {
        if flip() {
            let lines = [
                "TCP4 192.0.2.1 198.51.100.1 51000 443", "TCP6 2001:db8::1 ::ffff:192.0.2.9 1 65535", "UNKNOWN",
                "UNKNOWN x  y", "TCP4 1.2.3.4 5.6.7.8 0 01", "TCP4 1.2.3.04 5.6.7.8 0 1", "TCP6 1.2.3.4 ::1 1 2",
            ]
            return Array(("PROXY " + pick(lines) + "\r\n" + pick(["", "GET /"])).utf8)
        }
        let family = pick([0x00, 0x11, 0x12, 0x21, 0x31, 0x41] as [UInt8])
        let size = [0x11: 12, 0x12: 12, 0x21: 36, 0x31: 216][family] ?? 0
        let extensions = pick([[], [4, 0, 1, 9], [4, 0, 2, 9], [1, 0, 0, 2, 0, 3, 1, 2, 3]] as [[UInt8]])
        let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
        let addresses = (0..<size).map { _ in UInt8(number(below: 256)) }
        let length = UInt8(addresses.count + extensions.count)
        return signature + [pick([0x20, 0x21, 0x21, 0x22]), family, 0, length] + addresses + extensions
    }

    /// A chunked body behind the bytes that say how it is cut; see `BodyProperty`.
    mutating func body() -> [UInt8] {
        let cuts = (0..<number(below: 6)).map { _ in UInt8(number(below: 30)) }
        var text = ""
        for _ in 0..<number(below: 5) {
            let count = 1 + number(below: 40)
            let zeros = String(repeating: "0", count: number(below: 3))
            text += zeros + String(count, radix: 16, uppercase: flip()) + pick(["", "", ";a", ";a=\"b\""]) + "\r\n"
            text += String(repeating: pick(["a", "\r", "\n", "0"]), count: count) + "\r\n"
        }
        text += pick(["0\r\n", "000;x\r\n"])
        for _ in 0..<max(0, number(below: 6) - 3) { text += field() + "\r\n" }
        return [UInt8(cuts.count)] + cuts + Array(latin1: text + "\r\n" + pick(["", "GET /"]))
    }

    /// WebSocket frames behind the bytes that say how they are cut and ended; see `FramesProperty`.
    mutating func frames() -> [UInt8] {
        let cuts = (0..<number(below: 6)).map { _ in UInt8(number(below: 30)) }
        let isClient = flip()
        var bytes = [UInt8(cuts.count | (isClient ? 16 : 0)), UInt8(number(below: 256))] + cuts
        for _ in 0..<number(below: 6) {
            let opcode = pick([0x01, 0x02, 0x80, 0x81, 0xC1, 0x82, 0x89, 0x8A, 0x88, 0x8B]) as UInt8
            let length = number(below: opcode & 8 != 0 ? 126 : 140)
            // A length may be written in more bytes than it needs; that is for the receiver to judge.
            let form = opcode & 8 != 0 ? 0 : length > 125 ? 1 + number(below: 2) : number(below: 3)
            let mask: UInt8 = isClient ? 0x80 : 0
            switch form {
            case 0: bytes += [opcode, mask | UInt8(length)]
            case 1: bytes += [opcode, mask | 126, 0, UInt8(length)]
            default: bytes += [opcode, mask | 127, 0, 0, 0, 0, 0, 0, 0, UInt8(length)]
            }
            bytes += [UInt8](repeating: 0x88, count: length + (isClient ? 4 : 0))
        }
        return bytes
    }

    /// A ClientHello behind the byte that says how it is cut anew; see `ClientHelloProperty`.
    mutating func clientHello() -> [UInt8] {
        var hello = HelloBytes()
        if flip() { hello.serverName = pick(["shop.test", "A.b", "x_y.test.", "é", "", "a b"]) }
        hello.signatureSchemes = (0..<number(below: 6)).map { _ in pick([0x0403, 0x0804, 0x0A0A]) }
        hello.versions = pick([[], [0x0303], [0x0304, 0x0303]])
        hello.cipherSuites = (0..<number(below: 6)).map { _ in pick([0x1301, 0xC02B, 0xC02F]) }
        hello.padding = number(below: 600)
        return [UInt8(number(below: 256))] + hello.records(of: 1 + number(below: 700))
    }

    /// Changes one to three bytes or lines.
    mutating func damage(_ message: inout [UInt8]) {
        let telling: [UInt8] = [
            0x00, 0x09, 0x0A, 0x0B, 0x0D, 0x20, 0x22, 0x23, 0x2C, 0x2D, 0x30, 0x3A, 0x3B, 0x7F, 0x80, 0xFF,
        ]
        for _ in 0...number(below: 3) where !message.isEmpty {
            let index = number(below: message.count)
            switch number(below: 6) {
            case 0: message[index] = UInt8(number(below: 256))
            case 1: message[index] = pick(telling)
            case 2: message.insert(pick(telling), at: index)
            case 3: message.remove(at: index)
            case 4: message.removeSubrange(index..<min(message.count, index + number(below: 12)))
            default:
                let end = min(message.count, index + number(below: 24))
                message.insert(contentsOf: message[index..<end], at: number(below: message.count))
            }
        }
    }

    private mutating func section(with first: String) -> String {
        var lines = [first]
        if let framing = pick([nil, nil, "Content-Length: 0", "content-length:12", "Transfer-Encoding: Chunked"]) {
            lines.append(framing)
        }
        for _ in 0..<number(below: 7) { lines.append(field()) }
        lines.shuffle(using: &random)
        return lines.map { $0 + "\r\n" }.joined() + "\r\n"
    }

    mutating func field() -> String {
        let name = pick([
            "A", "x-a", "X-A", "Accept", "Connection", "connection", "Keep-Alive", "TE", "Upgrade", "Via", "Cookie",
            "Expect",
            "Trailer", "Proxy-Connection", "!#$%&'*+-.^_`|~", "User-Agent",
        ])
        let value =
            switch name.lowercased() {
            case "expect": "100-continue"
            case "connection": pick(["close", "keep-alive", "x-a", "te, X-A ,, close", "expect", "host, a", "a\t,\tb"])
            default:
                pick([
                    "", "b", "a b", "a\tb", "caf\u{E9}", "\"x, y\"", "close", "chunked",
                    String(repeating: "v", count: 30),
                ])
            }
        return name + pick([": ", ": ", ": ", ":", ":  ", ":\t"]) + value + pick(["", "", "", " ", "\t "])
    }

    mutating func number(below bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }
    mutating func flip() -> Bool { Bool.random(using: &random) }
    private mutating func pick<Element>(_ choices: [Element]) -> Element { choices[number(below: choices.count)] }
}
