public import Model
import NIOCore

/// The addresses of all backends' targets as they are known at one time. Numeric targets need no look-up.
public struct TargetDirectory: Sendable {
    /// By host name: its addresses without port, sorted.
    private var byName: [String: [SocketAddress]] = [:]

    /// A directory that knows numeric targets only.
    public init() {}

    /// Notes the addresses of a name.
    /// - Returns: whether anything changed.
    mutating func set(_ name: String, _ addresses: [SocketAddress]) -> Bool {
        guard byName[name] != addresses else { return false }
        byName[name] = addresses
        return true
    }

    /// Forgets names that no backend has any more.
    mutating func keepOnly(_ names: Set<String>) {
        byName = byName.filter { names.contains($0.key) }
    }

    /// Whether the name has been looked up with success.
    func knows(_ name: String) -> Bool { byName[name] != nil }

    /// The targets of a backend, one for each address, in the order of the model.
    public func addresses(of backend: Backend) -> [ResolvedTarget] {
        backend.targets.flatMap { target -> [ResolvedTarget] in
            if let address = try? SocketAddress(ipAddress: target.host, port: target.port) {
                return [ResolvedTarget(target: target, address: address)]
            }
            return (byName[target.host] ?? []).map { address in
                var address = address
                address.port = target.port
                return ResolvedTarget(target: target, address: address)
            }
        }
    }
}
