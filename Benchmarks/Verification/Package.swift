// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that the gateway's has no product that only benchmarks use.
let package = Package(
    name: "verification",
    platforms: [.macOS(.v26)],
    dependencies: [
        .package(name: "daemun", path: "../.."),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.0.0"),
    ],
    targets: [
        .executableTarget(
            name: "Verification",
            dependencies: [
                .product(name: "CredentialsProperties", package: "daemun"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
            ]
        )
    ],
    swiftLanguageModes: [.v6]
)
