import Foundation

/// The project's files as they stand on disk, found from where this file was compiled.
struct SourceTree {
    /// The folder that holds `Package.swift`.
    let root: URL

    /// The tree that these tests are part of.
    static let project = SourceTree(
        root: URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
    )

    /// The text of a file, or `nil` when there is none.
    func text(_ path: String) -> String? {
        try? String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// The paths of all files under a folder that end in `suffix`, relative to the root and sorted.
    func files(under folder: String, suffix: String) -> [String] {
        let start = root.appending(path: folder)
        guard let walk = FileManager.default.enumerator(atPath: start.path()) else { return [] }
        return walk.compactMap { $0 as? String }
            .filter { $0.hasSuffix(suffix) && !$0.split(separator: "/").contains { $0.hasPrefix(".") } }
            .map { "\(folder)/\($0)" }
            .sorted()
    }

    /// Every Swift file of the product and of its tests.
    func swiftSources() -> [SwiftSource] {
        ["Sources", "Tests"].flatMap { files(under: $0, suffix: ".swift") }
            .compactMap { path in text(path).map { SwiftSource(path: path, text: $0) } }
    }
}

/// The project's own Swift files, read once for all rules.
let projectSources = SourceTree.project.swiftSources()
