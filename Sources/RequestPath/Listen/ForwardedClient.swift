import Exchange
import Model
import NIOCore

/// Takes over what a trusted proxy in front of the gateway says: who its client is, and the request's id.
enum ForwardedClient {
    /// Fills in `clientAddress` and `requestID`. Nothing is believed of a peer that is not trusted.
    static func identify(_ exchange: Exchange, trusted settings: ClientSettings) {
        guard exchange.peer.isTrusted else { return }
        let section = exchange.request.section
        if let field = section.first(.xRequestID), let id = RequestID(keeping: exchange.request.bytes(of: field.value))
        {
            exchange.requestID = id
        }
        // From the right, which the nearest proxy wrote, up to the first address that is not a proxy of ours.
        let lines = section.fields.filter { $0.known == .xForwardedFor }
        for line in lines.reversed() {
            let text = String(buffer: exchange.request.bytes(of: line.value))
            for element in text.split(separator: ",").reversed() {
                let name = element.trimmingPrefix(while: \.isWhitespace).prefix { !$0.isWhitespace }
                guard let address = IPAddress(String(name)) else { return }
                let client = PeerAddress(text: String(name).utf8.span, bytes: address.bytes.span)
                exchange.clientAddress = client
                if !settings.trusts(client) { return }
            }
        }
    }
}
