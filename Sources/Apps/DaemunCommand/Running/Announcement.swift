import AWSWire

/// What a gateway says when it serves.
struct Announcement: Encodable, Equatable, CustomStringConvertible {
    /// The admin listener's address and port, when there is one.
    var admin: String?
    /// How AWS's tools come in, when they may.
    var management: Management?
    /// The clients' addresses and ports.
    var listening: [String]
    /// 1 after the start.
    var revision: Int

    /// How AWS's tools come in.
    struct Management: Encodable, Equatable {
        /// Whether every request is taken.
        var isOpen: Bool
        /// What was made at the first start, and is told this once.
        var key: AccessKey?

        private enum CodingKeys: String, CodingKey {
            case open, accessKeyID = "access_key_id", secretAccessKey = "secret_access_key"
        }

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: CodingKeys.self)
            try members.encode(isOpen, forKey: .open)
            try members.encodeIfPresent(key?.id, forKey: .accessKeyID)
            try members.encodeIfPresent(key?.secret, forKey: .secretAccessKey)
        }
    }

    private enum CodingKeys: String, CodingKey {
        case admin, management, listening, revision
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(admin, forKey: .admin)
        try members.encodeIfPresent(management, forKey: .management)
        try members.encode(listening, forKey: .listening)
        try members.encode(revision, forKey: .revision)
    }

    var description: String {
        "daemun \(Version.text) listens on \(listening.joined(separator: ", "))"
            + (admin.map { ", for operators on \($0)" } ?? "") + (management.map(told) ?? "")
    }

    private func told(_ management: Management) -> String {
        let endpoint = admin.map { "\n  export AWS_ENDPOINT_URL=http://\($0)" } ?? ""
        if management.isOpen {
            return "\nAWS's tools come in with any key: every request from this machine is taken." + endpoint
        }
        guard let key = management.key else { return "" }
        return "\nFor AWS's tools a key was made, which is told this once:" + endpoint
            + "\n  export AWS_ACCESS_KEY_ID=\(key.id)\n  export AWS_SECRET_ACCESS_KEY=\(key.secret)"
    }
}
