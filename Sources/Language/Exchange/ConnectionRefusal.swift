/// Why a client's connection was closed before it could bring a request. The raw value is a metric's label.
public enum ConnectionRefusal: String, Sendable, CaseIterable {
    /// The process holds as many as it may.
    case connections
    /// The client's address holds as many as it may.
    case address
    /// The system has no descriptor for it.
    case descriptors
    /// It did not begin with a PROXY protocol header, or with one from a peer that may not send it.
    case proxyHeader = "proxy-header"
}
