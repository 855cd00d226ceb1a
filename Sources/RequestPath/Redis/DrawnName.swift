/// Names of what gateways keep in Redis and nobody else may have named so.
public enum DrawnName {
    /// A name that nobody had before: 128 random bits.
    public static func new() -> String {
        (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 16) }.joined()
    }
}
