/// A text that nobody may read by accident: printing, dumping and interpolating it show nothing of it.
public struct Secret: Sendable, Hashable {
    private let text: String

    /// Makes a secret.
    public init(_ text: String) { self.text = text }

    /// Gives the text to what needs it to do its work, such as to sign with a private key.
    public func withText<Result, Failure>(_ body: (String) throws(Failure) -> Result) throws(Failure) -> Result {
        try body(text)
    }

    /// Whether a candidate is the secret. Takes as long for a nearly right one as for a wrong one of the same length.
    public func matches(_ candidate: some StringProtocol) -> Bool {
        let (expected, given) = (Array(text.utf8), Array(candidate.utf8))
        guard expected.count == given.count else { return false }
        return zip(expected, given).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always the same.
    public var description: String { "(secret)" }
    /// Always the same.
    public var debugDescription: String { description }
    /// Without children.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
