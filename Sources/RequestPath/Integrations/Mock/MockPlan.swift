public import Exchange
public import Model
import NIOCore

/// A route's mock integration, ready for use by all workers: an answer of the gateway's own, with the route's parameters in it.
public final class MockPlan: Sendable {
    /// A text that is taken apart at its `{param}`s.
    private struct Template: Sendable {
        enum Piece: Sendable {
            case literal(String)
            case parameter(Int)
        }

        var pieces: [Piece] = []

        /// A `{` that starts no known parameter is text, since JSON is full of them.
        init(_ text: String, parameters: [String]) {
            var literal = Substring()
            var rest = text[...]
            while let open = rest.firstIndex(of: "{") {
                literal += rest[..<open]
                rest = rest[open...]
                if let close = rest.firstIndex(of: "}"),
                    let position = parameters.firstIndex(of: String(rest[rest.index(after: open)..<close]))
                {
                    if !literal.isEmpty { pieces.append(.literal(String(literal))) }
                    pieces.append(.parameter(position))
                    literal = ""
                    rest = rest[rest.index(after: close)...]
                } else {
                    literal.append("{")
                    rest = rest.dropFirst()
                }
            }
            literal += rest
            if !literal.isEmpty { pieces.append(.literal(String(literal))) }
        }
    }

    private let status: Int
    private let fields: [(name: String, value: Template)]
    private let body: Template
    private let escaping: MockIntegration.Escaping

    /// Compiles an integration.
    /// - Parameter parameters: the route's parameter names in order.
    public init(_ integration: MockIntegration, parameters: [String]) {
        let parameters = integration.escaping == .never ? [] : parameters
        status = integration.status
        fields = integration.headers.map { ($0.name, Template($0.value, parameters: parameters)) }
        body = Template(integration.body, parameters: parameters)
        escaping = integration.escaping
    }

    /// Answers a call.
    public func answer(_ exchange: Exchange) {
        let fields = self.fields.map { field in
            ReplyField(field.name, String(buffer: render(field.value, exchange, isHeader: true)))
        }
        exchange.client?.send(Reply(status: status, fields: fields, body: render(body, exchange, isHeader: false)))
    }

    private func render(_ template: Template, _ exchange: Exchange, isHeader: Bool) -> ByteBuffer {
        var out = ByteBuffer()
        for piece in template.pieces {
            switch piece {
            case .literal(let text): out.writeString(text)
            case .parameter(let position): write(position, of: exchange, isHeader: isHeader, to: &out)
            }
        }
        return out
    }

    /// A parameter's value as the client meant it: percent-decoded. In a header it stays as it is, since it might hold a line end.
    private func write(_ position: Int, of exchange: Exchange, isHeader: Bool, to out: inout ByteBuffer) {
        let range = exchange.parameters.ranges[position].range
        let path = exchange.path
        let raw = path.buffer.readableBytesUInt8Span.extracting(path.range.range).extracting(range)
        if isHeader {
            unsafe out.writeBytes(raw.bytes)
            return
        }
        var decoded = ByteBuffer()
        var index = 0
        while index < raw.count {
            if raw[index] == UInt8(ascii: "%"), index + 2 < raw.count,
                let high = hexValue(raw[index + 1]), let low = hexValue(raw[index + 2])
            {
                decoded.writeInteger(high << 4 | low)
                index += 3
            } else {
                decoded.writeInteger(raw[index])
                index += 1
            }
        }
        switch escaping {
        case .json: out.writeJSONEscaped(decoded.readableBytesUInt8Span)
        case .plain, .never: out.writeBuffer(&decoded)
        }
    }

    private func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - 48
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - 87
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - 55
        default: nil
        }
    }
}
