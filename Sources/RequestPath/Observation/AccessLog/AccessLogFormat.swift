internal import Exchange
public import Model
internal import NIOCore

/// How a line of the access log is made, compiled from the model's setting.
public struct AccessLogFormat: Sendable {
    private enum Form {
        case json
        case template(LogTemplate)
    }

    private let form: Form

    /// NCSA Common Log Format; the identity and the user of that format are never known here.
    static let commonLogFormat =
        "$context.identity.sourceIp - - [$context.requestTime] "
        + "\"$context.httpMethod $context.path $context.protocol\" $context.status $context.responseLength"

    /// Compiles a format.
    /// - Throws: a fault for a variable that does not exist, and for a template of more than one line.
    public static func compile(_ format: AccessLog.Format) throws(Fault) -> AccessLogFormat {
        switch format {
        case .json: AccessLogFormat(form: .json)
        case .commonLogFormat: try compile(.template(commonLogFormat))
        case .template(let text): AccessLogFormat(form: .template(LogTemplate(try AccessLogTemplate(text))))
        }
    }

    /// Writes the line of a call with its end.
    func write(_ exchange: Exchange, clock: inout WallClock, to lines: inout ByteBuffer) {
        let call = LoggedCall(exchange, clock: &clock)
        var room = Self.usualRoom
        while true {
            let length = unsafe lines.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { memory in
                var line = unsafe LineWriter(memory)
                switch form {
                case .json: JSONLine.write(call, clock: &clock, to: &line)
                case .template(let template): template.write(call, clock: &clock, to: &line)
                }
                return line.fits ? line.count : 0
            }
            if length > 0 { return }
            room *= 4
        }
    }

    /// Room that most lines fit into.
    private static let usualRoom = 2_048
}
