// swift-tools-version: 6.2
import PackageDescription

// One table of layers. A module may depend only on modules that stand above it in its row of `uses`, and
// `Tests/Layout` checks that the rows only point downwards: Language ← RequestPath ← Control ← Apps.

enum Layer: String {
    case language = "Sources/Language"
    case requestPath = "Sources/RequestPath"
    case control = "Sources/Control"
    case apps = "Sources/Apps"
    case testSupport = "Sources"
}

struct Module {
    var name: String
    var layer: Layer
    var uses: [String] = []
    var packages: [Target.Dependency] = []
    var tests: [String]? = nil
    var testData: [String] = []
    var isExecutable = false
}

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let deque: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let log: Target.Dependency = .product(name: "Logging", package: "swift-log")

let modules: [Module] = [
    Module(name: "Model", layer: .language, packages: [yams], tests: [], testData: ["Golden"]),
    Module(name: "Exchange", layer: .language, packages: [nioCore], tests: []),
    Module(name: "Wire", layer: .requestPath, uses: ["Exchange"], packages: [nioCore], tests: []),
    Module(
        name: "Integrations",
        layer: .requestPath,
        uses: ["Exchange", "Model", "Selection", "Wire"],
        packages: [nioCore, nioPosix, deque]
    ),
    Module(name: "Listen", layer: .requestPath, uses: ["Exchange", "Model", "Wire"], packages: [nioCore, nioPosix]),
    Module(
        name: "Pipeline",
        layer: .requestPath,
        uses: ["Exchange", "Integrations", "Listen", "Model", "Routing"],
        packages: [nioCore, nioPosix, log]
    ),
    Module(
        name: "Daemun",
        layer: .apps,
        uses: ["Exchange", "Integrations", "Model", "Pipeline"],
        packages: [nioCore, nioPosix, log]
    ),
    Module(name: "DaemunCommand", layer: .apps, uses: ["Daemun", "Model"], isExecutable: true),
    Module(name: "Selection", layer: .requestPath, uses: ["Model"], tests: []),
    Module(name: "Routing", layer: .requestPath, uses: ["Model"], tests: []),
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
        .library(name: "Daemun", targets: ["Daemun"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: modules.flatMap { module -> [Target] in
        let uses = module.uses.map { Target.Dependency.target(name: $0) } + module.packages
        let path = "\(module.layer.rawValue)/\(module.name)"
        let target: Target =
            module.isExecutable
            ? .executableTarget(name: module.name, dependencies: uses, path: path, swiftSettings: settings)
            : .target(name: module.name, dependencies: uses, path: path, swiftSettings: settings)
        guard let tests = module.tests else { return [target] }
        return [
            target,
            .testTarget(
                name: "\(module.name)Tests",
                dependencies: [.target(name: module.name)] + tests.map { .target(name: $0) } + module.packages,
                path: "Tests/\(module.name)Tests",
                exclude: module.testData,
                swiftSettings: settings
            ),
        ]
    },
    swiftLanguageModes: [.v6]
)
