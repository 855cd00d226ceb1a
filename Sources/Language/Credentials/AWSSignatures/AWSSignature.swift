internal import Crypto

/// What a request says about its signature: in the field `Authorization`, or of a presigned URL in the query (AWS Signature
/// Version 4).
public struct AWSSignature: Sendable {
    /// Whose secret it is made with.
    public let accessKeyID: String
    /// `us-east-1`, as the client believes.
    public let region: String
    /// The service that the client means: `apigateway`.
    public let service: String
    /// When it was signed.
    public let signedAt: AWSTimestamp
    /// How long it is good for, in seconds; `nil` for one in `Authorization`, which is for at once.
    public let lifetime: Int64?
    /// What temporary credentials come with; `nil` for others.
    public let sessionToken: String?
    private let day: String
    private let signedFields: [String]
    private let signature: [UInt8]

    /// Why clients' clocks and ours may differ so much, in seconds.
    public static let clockSkew: Int64 = 300
    private static let algorithm = "AWS4-HMAC-SHA256"
    private static let longestLifetime: Int64 = 604_800

    // MARK: Reading

    /// Reads what a request says.
    public init(of request: AWSRequest) throws(AWSSignatureFailure) {
        if let authorization = request.field("authorization") {
            try self.init(authorization: authorization, of: request)
        } else if request.onlyParameter("X-Amz-Algorithm") != nil {
            try self.init(presigned: request)
        } else {
            throw .absent
        }
    }

    private init(authorization: String, of request: AWSRequest) throws(AWSSignatureFailure) {
        let parts = authorization.split(separator: " ", maxSplits: 1)
        guard parts.first.map(String.init) == Self.algorithm else {
            throw .unsupportedAlgorithm(parts.first.map(String.init) ?? "")
        }
        var values: [Substring: Substring] = [:]
        for part in parts.count == 2 ? parts[1].split(separator: ",") : [] {
            let pair = part.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
            if pair.count == 2 { values[pair[0]] = pair[1] }
        }
        let missing = ["Credential", "Signature", "SignedHeaders"].filter { values[$0[...]] == nil }
        guard missing.isEmpty, let credential = values["Credential"], let signature = values["Signature"],
            let fields = values["SignedHeaders"]
        else { throw .incomplete(missing) }
        guard let signedAt = request.field("x-amz-date").flatMap(AWSTimestamp.init) else { throw .unusableDate }
        try self.init(
            credential: String(credential),
            signedAt: signedAt,
            lifetime: nil,
            fields: String(fields),
            signature: String(signature),
            sessionToken: request.field("x-amz-security-token")
        )
    }

    private init(presigned request: AWSRequest) throws(AWSSignatureFailure) {
        let algorithm = request.onlyParameter("X-Amz-Algorithm") ?? ""
        guard algorithm == Self.algorithm else { throw .unsupportedAlgorithm(algorithm) }
        let names = ["X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date", "X-Amz-Expires"]
        let values = names.map { request.onlyParameter($0) }
        let missing = zip(names, values).filter { $0.1 == nil }.map(\.0)
        guard missing.isEmpty, let credential = values[0], let signature = values[1], let fields = values[2] else {
            throw .incomplete(missing)
        }
        guard let signedAt = values[3].flatMap(AWSTimestamp.init), let lifetime = values[4].flatMap({ Int64($0) }),
            (1...Self.longestLifetime).contains(lifetime)
        else { throw .unusableDate }
        try self.init(
            credential: credential,
            signedAt: signedAt,
            lifetime: lifetime,
            fields: fields,
            signature: signature,
            sessionToken: request.onlyParameter("X-Amz-Security-Token")
        )
    }

    private init(
        credential: String,
        signedAt: AWSTimestamp,
        lifetime: Int64?,
        fields: String,
        signature: String,
        sessionToken: String?
    ) throws(AWSSignatureFailure) {
        let parts = credential.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 5, parts[4] == "aws4_request", !parts[0].isEmpty else {
            throw .malformedCredential(credential)
        }
        guard parts[1] == signedAt.day else {
            throw .wrongDay(credential: parts[1], request: String(signedAt.day))
        }
        guard let signature = Hexadecimal.decode(signature), signature.count == SHA256.byteCount else {
            throw .wrongSignature
        }
        accessKeyID = parts[0]
        day = parts[1]
        region = parts[2]
        service = parts[3]
        self.signedAt = signedAt
        self.lifetime = lifetime
        self.sessionToken = sessionToken
        self.signature = signature
        signedFields = fields.split(separator: ";").map { $0.lowercased() }
    }

    // MARK: Verifying

    /// Makes sure that the request was signed with a secret, for these seconds.
    /// - Parameters:
    ///   - secret: the secret access key.
    ///   - now: seconds since 1970; `nil` for a signature of any age.
    public func verify(_ request: AWSRequest, secret: String, at now: Int64?) throws(AWSSignatureFailure) {
        if let now { try checkTime(at: now) }
        try checkSignedFields(of: request)
        let payload = try payloadHash(of: request)
        let made = sign(stringToSign(canonical(request, payloadHash: payload)), secret: secret)
        guard made.span.equalsInConstantTime(signature.span) else { throw .wrongSignature }
    }

    private func checkTime(at now: Int64) throws(AWSSignatureFailure) {
        let (signed, present) = (signedAt.seconds, AWSTimestamp(seconds: now))
        if signed > now + Self.clockSkew {
            let latest = AWSTimestamp(seconds: now + Self.clockSkew)
            throw .notYetCurrent(signed: signedAt, latest: latest, now: present)
        }
        if signed + (lifetime ?? Self.clockSkew) < now {
            let earliest = AWSTimestamp(seconds: now - (lifetime ?? Self.clockSkew))
            throw .expired(signed: signedAt, earliest: earliest, now: present)
        }
    }

    /// What decides where a request goes and what it means must be signed, or somebody on the way could change it.
    private func checkSignedFields(of request: AWSRequest) throws(AWSSignatureFailure) {
        guard signedFields.contains("host") else { throw .notSigned("Host") }
        for field in request.fields where field.name.hasPrefix("x-amz-") && !signedFields.contains(field.name) {
            throw .notSigned(field.name)
        }
    }

    private func payloadHash(of request: AWSRequest) throws(AWSSignatureFailure) -> String {
        let told = request.field("x-amz-content-sha256")
        if let told, told == "UNSIGNED-PAYLOAD" { return told }
        let actual = Hexadecimal.encode(SHA256.hash(data: request.body))
        guard told == nil || told == actual else { throw .wrongBody }
        return actual
    }

    /// The request as it is signed.
    private func canonical(_ request: AWSRequest, payloadHash: String) -> String {
        var lines = [request.method, Self.canonicalPath(request.path), Self.canonicalQuery(request)]
        for name in signedFields { lines.append("\(name):\(request.field(name) ?? "")") }
        lines += ["", signedFields.joined(separator: ";"), payloadHash]
        return lines.joined(separator: "\n")
    }

    private func stringToSign(_ canonical: String) -> String {
        [
            Self.algorithm, signedAt.description, "\(day)/\(region)/\(service)/aws4_request",
            Hexadecimal.encode(SHA256.hash(data: Array(canonical.utf8))),
        ].joined(separator: "\n")
    }

    private func sign(_ text: String, secret: String) -> [UInt8] {
        var key = Array("AWS4\(secret)".utf8)
        for part in [day, region, service, "aws4_request", text] {
            key = Array(HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: SymmetricKey(data: key)))
        }
        return key
    }

    /// The path with its dots resolved, and encoded once more than it was sent, as all services but S3 have it.
    private static func canonicalPath(_ path: String) -> String {
        var segments: [String] = []
        for segment in path.utf8.split(separator: UInt8(ascii: "/")) {
            let segment = encoded(segment)
            switch segment {
            case ".": break
            case "..": _ = segments.popLast()
            default: segments.append(segment)
            }
        }
        let ending = path.utf8.last == UInt8(ascii: "/") && !segments.isEmpty ? "/" : ""
        return "/" + segments.joined(separator: "/") + ending
    }

    private static func canonicalQuery(_ request: AWSRequest) -> String {
        request.parameters
            .filter { !$0.name.elementsEqual("X-Amz-Signature".utf8) }
            .map { (encoded($0.name), encoded($0.value)) }
            .sorted { $0 < $1 }
            .map { "\($0)=\($1)" }
            .joined(separator: "&")
    }

    /// Percent-encoded but for the unreserved characters of RFC 3986.
    private static func encoded(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        for byte in bytes {
            if byte.isLetter || byte.isDigit || "-._~".utf8.contains(byte) {
                encoded.append(byte)
            } else {
                encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }
}
