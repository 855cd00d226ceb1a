/// The table of modules in `Package.swift`, read as text: the one place that says which module may use which.
struct PackageTable {
    struct Module: Equatable {
        var name: String
        var layer: String
        var uses: [String] = []
        /// The products of other packages, by the names that sources import.
        var products: [String] = []
    }

    var modules: [Module]

    /// Reads the rows of a manifest that is written as ours is.
    init(manifest: String) {
        let declared = manifest.matches(of: /let (\w+): Target\.Dependency = \.product\(\s*name: "(\w+)"/)
        let products = Dictionary(
            declared.map { (String($0.output.1), String($0.output.2)) },
            uniquingKeysWith: { first, _ in first }
        )
        modules = manifest.matches(of: /(?m)^ {4}Module\(([^)]*)\)/).map { row in
            let text = row.output.1
            return Module(
                name: text.firstMatch(of: /name: "(\w+)"/).map { String($0.output.1) } ?? "",
                layer: text.firstMatch(of: /layer: \.(\w+)/).map { String($0.output.1) } ?? "",
                uses: text.firstMatch(of: /uses: \[([^\]]*)\]/).map { names(in: $0.output.1) } ?? [],
                products: (text.firstMatch(of: /packages: \[([^\]]*)\]/).map { names(in: $0.output.1) } ?? [])
                    .map { products[$0] ?? $0 }
            )
        }
    }

    /// The row that a file belongs to: `Sources/<layer>/<module>/…`, or `Sources/<module>/…` for test support.
    func module(ofFile path: String) -> Module? {
        let folders = path.split(separator: "/").dropFirst().prefix(2)
        return modules.first { folders.contains(Substring($0.name)) }
    }
}

/// The words of a list such as `"Model", "Exchange"` or `nioCore, yams`.
private func names(in list: Substring) -> [String] {
    list.matches(of: /\w+/).map { String($0.output) }
}
