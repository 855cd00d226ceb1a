// swift-tools-version: 6.2
import PackageDescription

// One table of layers. A module may depend only on modules that stand above it in its row of `uses`, and
// `Tests/LayoutTests` checks that the rows only point downwards and that the sources import what their row declares.

enum Layer: String {
    case language = "Sources/Language"
    case requestPath = "Sources/RequestPath"
    case control = "Sources/Control"
    case apps = "Sources/Apps"
    case testSupport = "Sources"
    case examples = "examples"
    /// Tests of the tree as a whole; a module's own tests are the `tests` of its row.
    case tests = "Tests"
}

struct Module {
    var name: String
    var layer: Layer
    var uses: [String] = []
    var packages: [Target.Dependency] = []
    var tests: [String]? = nil
    /// Files beside the tests that are read where they stand, and so are no part of the build.
    var testData: [String] = []
    var testPackages: [Target.Dependency] = []
    var isExecutable = false
}

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nioHPACK: Target.Dependency = .product(name: "NIOHPACK", package: "swift-nio-http2")
let nioHTTP2: Target.Dependency = .product(name: "NIOHTTP2", package: "swift-nio-http2")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let x509: Target.Dependency = .product(name: "X509", package: "swift-certificates")
let asn1: Target.Dependency = .product(name: "SwiftASN1", package: "swift-asn1")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let deque: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")

let modules: [Module] = [
    Module(name: "Quotas", layer: .language, tests: []),
    Module(name: "Model", layer: .language, uses: ["Quotas"], packages: [yams], tests: [], testData: ["Golden"]),
    Module(name: "Exchange", layer: .language, packages: [nioCore], tests: [], testPackages: [nioEmbedded, nioPosix]),
    Module(name: "Credentials", layer: .language, packages: [crypto, cryptoExtras], tests: ["CredentialsProperties"]),
    Module(
        name: "Wire",
        layer: .requestPath,
        uses: ["Exchange"],
        packages: [nioCore, nioHPACK],
        tests: ["WireProperties"]
    ),
    Module(
        name: "Listen",
        layer: .requestPath,
        uses: ["Exchange", "Model", "Wire"],
        packages: [nioCore, nioPosix, nioHPACK, nioHTTP2, nioSSL, nioTLS, x509, asn1, crypto],
        tests: ["Exchange", "Model"],
        testPackages: [nioEmbedded]
    ),
    Module(name: "Routing", layer: .requestPath, uses: ["Model"], tests: []),
    Module(name: "Selection", layer: .requestPath, uses: ["Exchange", "Model"], tests: ["Exchange"]),
    Module(
        name: "Integrations",
        layer: .requestPath,
        uses: ["Exchange", "Model", "Selection", "Wire"],
        packages: [nioCore, nioPosix, nioHPACK, nioHTTP2, nioSSL, nioTLS, crypto, deque],
        tests: ["Exchange", "Model", "Selection", "Wire"],
        testPackages: [nioEmbedded]
    ),
    Module(name: "RESP", layer: .requestPath, packages: [nioCore], tests: ["RESPProperties"]),
    Module(
        name: "Redis",
        layer: .requestPath,
        uses: ["Exchange", "Model", "Quotas", "RESP"],
        packages: [nioCore, nioPosix, nioSSL, nioTLS, crypto, deque],
        tests: ["Exchange", "Model", "Quotas", "RESP"]
    ),
    Module(
        name: "Throttling",
        layer: .requestPath,
        uses: ["Exchange", "Model", "Quotas"],
        packages: [nioCore, crypto],
        tests: ["Exchange", "Model", "QuotaStore", "Quotas"],
        testPackages: [nioEmbedded]
    ),
    Module(
        name: "Observation",
        layer: .requestPath,
        uses: ["Exchange", "Model"],
        packages: [nioCore, log],
        tests: ["Exchange", "Model"],
        testPackages: [nioEmbedded]
    ),
    Module(
        name: "Authorization",
        layer: .requestPath,
        uses: ["Credentials", "Exchange", "Model"],
        packages: [nioCore, nioPosix, nioHTTP1, nioSSL, crypto],
        tests: ["Credentials", "Exchange", "Model"],
        testPackages: [nioEmbedded]
    ),
    Module(
        name: "Pipeline",
        layer: .requestPath,
        uses: [
            "Authorization", "Credentials", "Exchange", "Integrations", "Listen", "Model", "Observation", "Routing",
            "Throttling",
        ],
        packages: [nioCore, nioPosix],
        tests: ["Exchange", "Integrations", "Model"],
        testPackages: [nioEmbedded]
    ),
    Module(name: "SQLiteFile", layer: .control, packages: [grdb]),
    Module(name: "QuotaStore", layer: .control, uses: ["Quotas", "SQLiteFile"], packages: [grdb], tests: ["Quotas"]),
    Module(
        name: "CustomerStore",
        layer: .control,
        uses: ["Credentials", "SQLiteFile"],
        packages: [crypto, grdb],
        tests: ["Credentials"]
    ),
    Module(name: "AWSWire", layer: .control, uses: ["Credentials"], tests: ["Credentials"]),
    Module(
        name: "EntityStore",
        layer: .control,
        uses: ["AWSWire", "SQLiteFile"],
        packages: [grdb],
        tests: ["AWSWire"]
    ),
    Module(name: "Management", layer: .control, uses: ["AWSWire", "Credentials", "EntityStore"]),
    Module(
        name: "Admin",
        layer: .control,
        uses: ["AWSWire", "Credentials", "CustomerStore", "Management", "Model"],
        packages: [nioCore, nioPosix, log, httpTypes, hummingbird],
        tests: ["Model"]
    ),
    Module(
        name: "Daemun",
        layer: .apps,
        uses: [
            "AWSWire", "Admin", "Authorization", "Credentials", "CustomerStore", "EntityStore", "Exchange",
            "Integrations",
            "Listen", "Management", "Model", "Observation", "Pipeline", "QuotaStore", "Quotas", "RESP", "Redis",
            "Throttling",
        ],
        packages: [nioCore, nioPosix, log],
        tests: ["Admin", "Model"]
    ),
    Module(
        name: "DaemunCommand",
        layer: .apps,
        uses: ["AWSWire", "Admin", "Authorization", "Daemun", "Exchange", "Model", "Pipeline", "Quotas", "Routing"],
        packages: [argumentParser, log, nioCore, nioHTTP1, nioPosix, unixSignals],
        tests: ["Model"],
        isExecutable: true
    ),
    Module(name: "EmbeddedGateway", layer: .examples, uses: ["Daemun", "Exchange", "Model"], isExecutable: true),
    Module(name: "WireProperties", layer: .testSupport, uses: ["Exchange", "Wire"], packages: [nioCore, nioHPACK]),
    Module(name: "RESPProperties", layer: .testSupport, uses: ["RESP"], packages: [nioCore]),
    Module(name: "CredentialsProperties", layer: .testSupport, uses: ["Credentials"], packages: [crypto]),
    Module(name: "LayoutTests", layer: .tests, testData: ["ratchet.txt"]),
]

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
    .strictMemorySafety(),
]

let package = Package(
    name: "daemun",
    platforms: [.macOS(.v26)],
    products: [
        .executable(name: "daemun", targets: ["DaemunCommand"]),
        .library(name: "Daemun", targets: ["Daemun", "Exchange", "Model"]),
        // What the fuzzers of the nested package `Fuzzing` need.
        .library(name: "WireProperties", targets: ["WireProperties"]),
        .library(name: "RESPProperties", targets: ["RESPProperties"]),
        .library(name: "CredentialsProperties", targets: ["CredentialsProperties"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        // Without its traits, which would have it read settings of its own.
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: modules.flatMap { module -> [Target] in
        let uses = module.uses.map { Target.Dependency.target(name: $0) } + module.packages
        let path = "\(module.layer.rawValue)/\(module.name)"
        guard module.layer != .tests else {
            return [
                .testTarget(
                    name: module.name,
                    dependencies: uses,
                    path: path,
                    exclude: module.testData,
                    swiftSettings: settings
                )
            ]
        }
        let target: Target =
            module.isExecutable
            ? .executableTarget(name: module.name, dependencies: uses, path: path, swiftSettings: settings)
            : .target(name: module.name, dependencies: uses, path: path, swiftSettings: settings)
        guard let tests = module.tests else { return [target] }
        return [
            target,
            .testTarget(
                name: "\(module.name)Tests",
                dependencies: [.target(name: module.name)] + tests.map { .target(name: $0) } + module.packages
                    + module.testPackages,
                path: "Tests/\(module.name)Tests",
                exclude: module.testData,
                swiftSettings: settings
            ),
        ]
    },
    swiftLanguageModes: [.v6]
)
