/// The management APIs, by which AWS's tools change what is served while the gateway runs.
public struct Management: Sendable, Hashable {
    /// The account that everything belongs to: twelve digits.
    public var account: String
    /// The part of the name of everything before the account: `aws`, `aws-cn`, `aws-us-gov`.
    public var partition: String
    /// Whether every request is taken, whoever has signed it, if anybody has.
    public var isOpen = false
    /// Whether signatures are taken however old they are.
    public var takesAnyAge = false
    /// Whether nothing of it outlives the process.
    public var isEphemeral = false

    /// Makes settings.
    public init(account: String = "000000000000", partition: String = "aws") {
        self.account = account
        self.partition = partition
    }
}
