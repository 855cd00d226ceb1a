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
                    "What /metrics, /snapshot and /usage then ask for, as \"Authorization: Bearer …\"."
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
