public import Model
public import NIOCore
import Selection

/// A target with one of its addresses. A name with several addresses makes several of them.
public struct ResolvedTarget: Sendable, Hashable {
    /// The target of the model.
    public let target: Backend.Target
    /// One of its addresses.
    public let address: SocketAddress
    /// `host:port`, with the address when the host is a name.
    public let name: String
    /// A hash of all that makes the target what it is, the same in every worker and process.
    public let identity: UInt64

    /// Joins a target and an address.
    public init(target: Backend.Target, address: SocketAddress) {
        self.target = target
        self.address = address
        let ip = address.ipAddress ?? "?"
        name = ip == target.host ? target.authority(withPort: true) : "\(target.authority(withPort: true))@\(ip)"
        let scheme = target.scheme == .http ? "" : "\(target.scheme.rawValue)://"
        let text = "\(scheme)\(name)\(target.pathPrefix)"
        identity = Balancer.stableHash(of: text.utf8.span)
    }

    public static func == (left: ResolvedTarget, right: ResolvedTarget) -> Bool {
        left.identity == right.identity && left.target == right.target && left.name == right.name
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(identity) }
}
