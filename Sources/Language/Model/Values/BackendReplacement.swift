/// A backend that takes another one's place.
public struct BackendReplacement: Sendable, Hashable {
    /// The name of the backend that routes have.
    public var backend: String
    /// The name of the backend that is asked instead; both are in the same model.
    public var replacement: String

    /// Makes a replacement.
    public init(_ backend: String, by replacement: String) {
        self.backend = backend
        self.replacement = replacement
    }
}
