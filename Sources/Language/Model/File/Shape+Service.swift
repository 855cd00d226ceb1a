// The sections about the process itself: sockets, limits, logs.

/// `admin` as it is written: its secret has yet to be found.
struct AdminDeclaration {
    var listener: Admin
    var token: Located<SecretReference>?
}

extension Shape<AdminDeclaration> {
    /// `admin`.
    static var admin: Shape {
        .either(
            scalar: Shape<Int>.port.map { AdminDeclaration(listener: Admin(port: $0)) },
            mapping: .record(
                "a socket with port and address",
                .required("port", .port, "0 lets the system choose."),
                .optional(
                    "address",
                    .address,
                    default: Admin(port: 0).address,
                    "The interface to listen on. Loopback, since the listener tells about traffic."
                ),
                .optional(
                    "token",
                    Shape<SecretReference>.secret.located,
                    "What /metrics and /snapshot then ask for, as \"Authorization: Bearer …\"."
                )
            ) { port, address, token in AdminDeclaration(listener: Admin(address: address, port: port), token: token) }
        )
    }
}

extension Shape<AddressRange> {
    /// An element of `trusted_proxies`.
    static var addressRange: Shape {
        .scalar("an address or CIDR block, as 10.0.0.0/8") { (text) throws(Fault) in try AddressRange(text) }
    }
}

extension Shape<Limits> {
    /// `limits`.
    static var limits: Shape {
        let defaults = Limits()
        let headSizes = 256...(16 << 20)
        return Shape.record(
            "a mapping of limits",
            .optional(
                "request_line",
                .bytes(headSizes),
                default: defaults.requestLineBytes,
                "The request line. A longer one is answered with 414."
            ),
            .optional(
                "head",
                .bytes(headSizes),
                default: defaults.headBytes,
                "Request line and header fields together. A larger head is answered with 431."
            ),
            .optional(
                "headers",
                .integer(1...10_000),
                default: defaults.headerCount,
                "Header fields of a request. More are answered with 431."
            ),
            .optional(
                "body",
                .bytes(0...(1 << 40)),
                default: defaults.bodyBytes,
                "The request's body. A larger one is answered with 413."
            ),
            .optional(
                "head_timeout",
                .duration(),
                default: defaults.headTimeout,
                "From the first byte of a head to its last, and from accept to the first byte."
            ),
            .optional(
                "keep_alive",
                .duration(),
                default: defaults.keepAliveTimeout,
                "Between two requests of one connection."
            ),
            .optional(
                "body_idle",
                .duration(),
                default: defaults.bodyIdleTimeout,
                "Between two reads of a request's body or two writes of a response's."
            ),
            .optional(
                "connections",
                .integer(1...10_000_000),
                default: defaults.connections,
                "Client connections of the process. Beyond it, new ones are closed at once."
            ),
            .optional(
                "http2",
                Shape<HTTP2Limits>.http2Limits,
                default: defaults.http2,
                "What one connection of HTTP/2 may take."
            )
        ) { requestLine, head, headers, body, headTimeout, keepAlive, bodyIdle, connections, http2 in
            Limits(
                requestLineBytes: requestLine,
                headBytes: head,
                headerCount: headers,
                bodyBytes: body,
                headTimeout: headTimeout,
                keepAliveTimeout: keepAlive,
                bodyIdleTimeout: bodyIdle,
                connections: connections,
                http2: http2
            )
        }
        .checked(checkRequestLine)
    }

    private static func checkRequestLine(_ limits: Limits, _ node: YAMLNode, _ faults: inout [Fault]) {
        guard limits.requestLineBytes > limits.headBytes else { return }
        let place = (node["request_line"] ?? node["head"] ?? node).location
        faults.add("request_line is part of head and cannot be larger", at: place)
    }
}

extension Shape<AccessLog?> {
    /// `log`.
    static var log: Shape {
        .record(
            "a mapping of logs",
            .optional("access", .accessLog, "One line a request.")
        ) { $0 }
    }
}

extension Shape<AccessLog> {
    /// `log.access`.
    fileprivate static var accessLog: Shape {
        let defaults = AccessLog(destination: .standardOutput)
        return .record(
            "an access log",
            .required("path", .destination, "A file, reopened on SIGHUP; - or stdout is the standard output."),
            .optional(
                "format",
                .accessLogFormat,
                default: defaults.format,
                "json (one object a line), clf (Common Log Format), or a text with $context.… variables."
            ),
            .optional(
                "buffer",
                .bytes(0...(64 << 20)),
                default: defaults.bufferBytes,
                "A worker's lines are written when they take this much."
            ),
            .optional(
                "flush",
                .duration(),
                default: defaults.flushInterval,
                "A worker's lines are written at least this often."
            )
        ) { destination, format, buffer, flush in
            AccessLog(destination: destination, format: format, bufferBytes: buffer, flushInterval: flush)
        }
    }
}

extension Shape<AccessLog.Destination> {
    fileprivate static var destination: Shape {
        Shape<String>.text("a path, - or stdout").map { $0 == "-" || $0 == "stdout" ? .standardOutput : .file($0) }
    }
}
