/// The least speed of bodies: after a grace, a transfer must have moved so many bytes a second on average, counted while the
/// gateway waits for the client.
public struct MinimumRate: Sendable, Hashable {
    /// Of a request's body, in bytes a second; 0 sets no limit. Under it: 408.
    public var request: Int
    /// Of what the gateway has to send, in bytes a second; 0 sets no limit. Under it the connection is closed.
    public var response: Int
    /// How long a transfer may take whatever its speed.
    public var grace: Duration

    /// Makes a rate; the default is that of ASP.NET's Kestrel.
    public init(request: Int = 240, response: Int = 240, grace: Duration = .seconds(5)) {
        self.request = request
        self.response = response
        self.grace = grace
    }
}
