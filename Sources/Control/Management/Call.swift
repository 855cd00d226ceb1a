internal import AWSWire
internal import EntityStore

/// One call of an operation, within its transaction.
struct Call {
    let input: OperationInput
    let transaction: any EntityTransaction
    let region: String
    let account: AccountSettings
    /// Seconds since 1970.
    let now: Double

    /// The text of a member that the service's model requires.
    func text(_ name: String) -> String { input.string(name) ?? "" }

    /// An id that nobody can guess the next one of: small letters and digits.
    func newID(_ count: Int) -> String {
        let signs = Array("abcdefghijklmnopqrstuvwxyz0123456789")
        return String((0..<count).map { _ in signs[Int.random(in: 0..<signs.count)] })
    }

    /// The moment of the call, as documents have it.
    var timestamp: WireValue { .integer(Int64(now)) }

    /// Puts into a document what the input says, as it says it.
    func copy(_ names: [String], into document: inout WireValue) {
        for name in names { if let value = input[name] { document[name] = value } }
    }
}

/// Whose everything is.
public struct AccountSettings: Sendable, Hashable {
    /// Twelve digits.
    public var id: String
    /// `aws`, `aws-cn`, `aws-us-gov`.
    public var partition: String

    /// Makes settings.
    public init(id: String = "000000000000", partition: String = "aws") {
        self.id = id
        self.partition = partition
    }
}
