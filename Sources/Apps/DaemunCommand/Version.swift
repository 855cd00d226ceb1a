/// The version of this program.
enum Version {
    /// By the rules of semantic versioning.
    static let text = "0.1.0"
}
