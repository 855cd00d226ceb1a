import Foundation
import NIOCore

extension CommandFailure {
    /// Why sockets, or files that are opened with them, can't be had.
    /// - Parameters:
    ///   - sockets: the addresses and ports, of which one is the cause when the error is about sockets.
    ///   - option: the option that chooses another port.
    init(opening sockets: [(address: String, port: Int)], option: String, _ error: IOError) {
        let ports = sockets.map { String($0.port) }
        let which = ports.count == 1 ? "port \(ports[0])" : "one of the ports \(ports.joined(separator: ", "))"
        switch error.errnoCode {
        case EADDRINUSE:
            self.init(
                problem: "\(which) is taken",
                remedy: "'ss -ltnp' names who listens there. \(option) chooses another one, and 0 a free one."
            )
        case EACCES where sockets.contains { (1..<1_024).contains($0.port) }:
            self.init(
                problem: "\(which) is only for root (those below 1024 are)",
                remedy: "Choose a higher one with \(option), or allow it: 'setcap cap_net_bind_service=+ep DAEMUN'."
            )
        case EADDRNOTAVAIL:
            let addresses = sockets.map(\.address).joined(separator: ", ")
            self.init(
                problem: "this machine has no such address: \(addresses)",
                remedy: "'ip address' lists those it has; 0.0.0.0 stands for all."
            )
        default: self.init(problem: "the gateway can't start: \(error.localizedDescription)")
        }
    }
}
