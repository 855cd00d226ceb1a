/// One of the versions of an API that are told apart by a segment of the path, `/v1.0/…`.
public struct APIVersion: Sendable, Hashable {
    /// The segment: `v1.0`.
    public var name: String
    /// Whether the segment is taken off before a request is forwarded. Otherwise the backend gets it, also when the client left the choice
    /// of a version to the gateway.
    public var isStripped: Bool
    /// When it was or will be deprecated, in seconds since 1970; `nil` says nothing about that (RFC 9745).
    public var deprecatedAt: Int?
    /// From when on it is no longer served, in seconds since 1970 (RFC 8594).
    public var sunsetAt: Int?
    /// Where people read about that.
    public var link: String?

    /// Makes a version.
    public init(
        name: String,
        isStripped: Bool = true,
        deprecatedAt: Int? = nil,
        sunsetAt: Int? = nil,
        link: String? = nil
    ) {
        self.name = name
        self.isStripped = isStripped
        self.deprecatedAt = deprecatedAt
        self.sunsetAt = sunsetAt
        self.link = link
    }
}

/// The version of an API that a customer gets on paths that name none.
public struct VersionPin: Sendable, Hashable {
    /// The API's name.
    public var api: String
    /// The version's name.
    public var version: String

    /// Makes a pin.
    public init(api: String, version: String) {
        self.api = api
        self.version = version
    }
}

extension HTTPAPI {
    /// What people call it: `shop`, `shop v1.0`, `shop v1.0 sandbox`.
    public var title: String { name + (version.map { " \($0.name)" } ?? "") + (isSandbox ? " sandbox" : "") }

    /// All places where it is mounted.
    public var basePaths: [BasePath] { [basePath] + (unversionedPath.map { [$0] } ?? []) }

    /// What stands before the rest of a path that is forwarded, as it is written; `nil` for an API without versions, where
    /// `stripsBasePath` says it all.
    public var forwardedPrefix: String? {
        guard let version else { return nil }
        var segments: ArraySlice<String> = stripsBasePath ? [] : basePath.segments.dropLast()
        if !version.isStripped { segments.append(version.name) }
        return segments.map { "/" + $0 }.joined()
    }
}
