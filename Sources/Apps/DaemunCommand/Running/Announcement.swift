/// What a gateway says when it serves.
struct Announcement: Encodable, Equatable, CustomStringConvertible {
    /// The admin listener's address and port, when there is one.
    var admin: String?
    /// The clients' addresses and ports.
    var listening: [String]
    /// 1 after the start.
    var revision: Int

    private enum CodingKeys: String, CodingKey {
        case admin, listening, revision
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(admin, forKey: .admin)
        try members.encode(listening, forKey: .listening)
        try members.encode(revision, forKey: .revision)
    }

    var description: String {
        "daemun \(Version.text) listens on \(listening.joined(separator: ", "))"
            + (admin.map { ", for operators on \($0)" } ?? "")
    }
}
