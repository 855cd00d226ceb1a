// swift-tools-version: 6.2
import PackageDescription

// One row a fuzz target: its name, and the library of the gateway that it fuzzes. To add one, add a row, the file
// `Sources/<name>/<name>.swift`, a few inputs in `Corpus/<name>`, and the product of the library in `../Package.swift`.
let targets = [
    (name: "FuzzRequestHead", fuzzes: "WireProperties"),
    (name: "FuzzHTTP2Request", fuzzes: "WireProperties"),
    (name: "FuzzResponseHead", fuzzes: "WireProperties"),
    (name: "FuzzHTTP2Response", fuzzes: "WireProperties"),
    (name: "FuzzBody", fuzzes: "WireProperties"),
    (name: "FuzzWebSocketFrames", fuzzes: "WireProperties"),
    (name: "FuzzProxyHeader", fuzzes: "WireProperties"),
    (name: "FuzzClientHello", fuzzes: "WireProperties"),
    (name: "FuzzRESP", fuzzes: "RESPProperties"),
    (name: "FuzzBase64", fuzzes: "CredentialsProperties"),
    (name: "FuzzBasic", fuzzes: "CredentialsProperties"),
    (name: "FuzzJSON", fuzzes: "CredentialsProperties"),
    (name: "FuzzStructuredField", fuzzes: "CredentialsProperties"),
    (name: "FuzzAWSSignature", fuzzes: "CredentialsProperties"),
    (name: "FuzzSignature", fuzzes: "CredentialsProperties"),
    (name: "FuzzToken", fuzzes: "CredentialsProperties"),
    (name: "FuzzKeys", fuzzes: "CredentialsProperties"),
]

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .strictMemorySafety(),
    .unsafeFlags(["-parse-as-library"]),
]

let package = Package(
    name: "fuzzing",
    platforms: [.macOS(.v26)],
    dependencies: [.package(name: "daemun", path: "..")],
    targets: [
        .target(name: "FuzzTarget", swiftSettings: settings),
        // Must fail: shows that the fuzzer finds what is to be found, and that a find is seen.
        .executableTarget(name: "FuzzCanary", dependencies: ["FuzzTarget"], swiftSettings: settings),
    ]
        + targets.map { target in
            .executableTarget(
                name: target.name,
                dependencies: ["FuzzTarget", .product(name: target.fuzzes, package: "daemun")],
                swiftSettings: settings
            )
        },
    swiftLanguageModes: [.v6]
)
