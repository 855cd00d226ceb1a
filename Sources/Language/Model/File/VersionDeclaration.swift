/// A version of an API as it is written.
struct VersionDeclaration {
    var routes: [Named<RouteKey, RouteDeclaration>]
    var document: Located<String>?
    var rule: Located<AccessRule?>?
    var deprecatedAt: Int?
    var sunsetAt: Int?
    var link: String?
}

extension Shape<VersionDeclaration> {
    /// An element of `versions`.
    static var version: Shape {
        .record(
            "a version",
            .optional(
                "routes",
                Shape<[Named<RouteKey, RouteDeclaration>]>.map(of: .route, key: .routeKey),
                "Its routes, besides those of the API; one that takes the same requests replaces the API's."
            ),
            .optional(
                "openapi",
                Shape<String>.text("a path").located,
                "An OpenAPI 3 document, relative to this file, that has its routes instead."
            ),
            .optional(
                "authorize",
                Shape<AccessRule?>.access.located,
                "Who may call this version, instead of what the API says."
            ),
            .optional(
                "deprecated",
                .pointInTime,
                "Since or from when it is deprecated, which clients are told (RFC 9745)."
            ),
            .optional("sunset", .pointInTime, "When it ends: clients are told (RFC 8594), and from then on get 410."),
            .optional("link", .link, "Where people read about the deprecation and the end.")
        ) { routes, document, rule, deprecatedAt, sunsetAt, link in
            VersionDeclaration(
                routes: routes ?? [],
                document: document,
                rule: rule,
                deprecatedAt: deprecatedAt,
                sunsetAt: sunsetAt,
                link: link
            )
        }
        .checked { version, node, faults in
            if node["routes"] != nil, let document = node["openapi"] {
                faults.add("a version has \"routes\" or \"openapi\", not both", at: document.location)
            }
            if let deprecated = version.deprecatedAt, let sunset = version.sunsetAt, sunset < deprecated {
                faults.add("a version is deprecated before it ends", at: (node["sunset"] ?? node).location)
            }
            if let link = node["link"], version.deprecatedAt == nil, version.sunsetAt == nil {
                faults.add("a link goes with \"deprecated\" or \"sunset\"", at: link.location)
            }
        }
    }
}

extension Shape<String> {
    /// A URL that can stand in a `Link` field.
    fileprivate static var link: Shape {
        let expected = "a URL, as https://docs.test/v2"
        return .scalar(expected, pattern: "^https?://[!-~]+$", written: { .string($0) }) { (text) throws(Fault) in
            let isPlain = text.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"<>\"\\^`{|}".utf8.contains($0) }
            guard isPlain, text.hasPrefix("https://") || text.hasPrefix("http://") else {
                throw Fault("expected \(expected)", text: text)
            }
            return text
        }
    }
}
