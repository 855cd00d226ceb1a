import Testing

@Suite struct LayerTests {
    private let table = PackageTable(
        manifest: """
            let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
            let modules: [Module] = [
                Module(name: "Model", layer: .language),
                Module(
                    name: "Wire", layer: .requestPath, uses: ["Model"],
                    packages: [nioCore], tests: ["Harness"]),
                Module(name: "daemun", layer: .apps, uses: ["Wire", "Model"], isExecutable: true),
            ]
            """
    )

    @Test func `every module of the project uses its own layer and lower ones only`() throws {
        let table = PackageTable(manifest: try #require(SourceTree.project.text("Package.swift")))
        expectNone(layerFindings(in: table))
    }

    @Test func `every source of the project imports what its module declares`() throws {
        let table = PackageTable(manifest: try #require(SourceTree.project.text("Package.swift")))
        expectNone(importFindings(in: projectSources, table: table))
    }

    @Test func `the table is read from the manifest`() {
        #expect(table.modules.map(\.name) == ["Model", "Wire", "daemun"])
        #expect(table.modules[1].uses == ["Model"])
        #expect(table.modules[1].products == ["NIOCore"])
        #expect(layerFindings(in: table).isEmpty)
    }

    @Test(arguments: [
        ("Model", "language", "Wire"), ("Wire", "requestPath", "Store"), ("Store", "control", "Wire"),
        ("Wire", "requestPath", "Nowhere"), ("Model", "attic", "Model"),
    ])
    func `a module that reaches upwards or nowhere is found`(name: String, layer: String, used: String) {
        var table = PackageTable(manifest: "")
        table.modules = [
            .init(name: "Model", layer: "language"), .init(name: "Wire", layer: "requestPath"),
            .init(name: "Store", layer: "control"),
        ]
        table.modules.removeAll { $0.name == name }
        table.modules.append(.init(name: name, layer: layer, uses: [used]))
        #expect(layerFindings(in: table).count == 1)
    }

    @Test(arguments: [
        "import NIOPosix", "public import struct Yams.Node", "@testable import Routing",
        "@preconcurrency import Listen",
    ])
    func `an import that is not declared is found`(line: String) {
        let source = SwiftSource(path: "Sources/RequestPath/Wire/Head.swift", text: "import NIOCore\n\(line)\n")
        #expect(importFindings(in: [source], table: table).map(\.line) == [2])
    }

    @Test func `a source outside of every module is found`() {
        let source = SwiftSource(path: "Sources/RequestPath/Attic/Head.swift", text: "import NIOCore\n")
        #expect(importFindings(in: [source], table: table).count == 1)
    }

    @Test func `comments and strings import nothing`() {
        let source = SwiftSource(
            path: "Sources/RequestPath/Wire/Head.swift",
            text: """
                // import NIOPosix
                let text = \"""
                    import NIOPosix
                    \"""
                import NIOCore
                import Model
                """
        )
        #expect(importFindings(in: [source], table: table).isEmpty)
    }
}
