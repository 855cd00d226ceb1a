import Exchange
import NIOCore
import Wire

/// A connection that begins with a PROXY protocol header: reads who the client is, and makes way for what the client speaks.
///
/// Until then it counts as a connection of the process, from then on as one of its client's address.
final class ProxiedConnection: BeginningConnection {
    override func admit(_ channel: any Channel) -> Bool {
        guard server.settings.mayProxy(server.peerAddress(of: channel)) else {
            server.handler.connectionRefused(.proxyHeader)
            return false
        }
        return super.admit(channel)
    }

    /// One that brought nothing is a check whether the port is open, and no fault.
    override func endEarly() {
        if received.readableBytes > 0 { refuse() } else { close() }
    }

    private func refuse() {
        server.handler.connectionRefused(.proxyHeader)
        close()
    }

    override func readBeginning(_ context: ChannelHandlerContext) {
        do throws(ProxyHeaderFault) {
            let start = received
            switch try ProxyHeader.parse(start.readableBytesUInt8Span) {
            case .incomplete: break
            case .complete(let header, let length):
                received.moveReaderIndex(forwardBy: length)
                identify(header, context)
            }
        } catch {
            refuse()
        }
    }

    private func identify(_ header: ProxyHeader, _ context: ChannelHandlerContext) {
        let peer: PeerAddress
        switch header {
        case .socket: peer = server.peerAddress(of: context.channel)
        case .client(let source, _): peer = server.peerAddress(source)
        }
        guard server.count(self, from: peer) else {
            close()
            return
        }
        let connection = server.firstHandler(of: plan, arrival: Arrival(peer: peer))
        makeWay(for: connection, through: [connection], context)
    }
}
