/// The layers that a module of each layer may use. The planes meet in `apps` only: the control plane publishes values
/// of `language`, and the request path compiles them, so neither knows the other.
private let usableLayers: [String: Set<String>] = [
    "language": ["language"],
    "requestPath": ["language", "requestPath"],
    "control": ["language", "control"],
    "apps": ["language", "requestPath", "control", "apps"],
    "examples": ["language", "apps"],
    "testSupport": ["language", "requestPath", "control", "testSupport"],
    "tests": ["language", "requestPath", "control", "apps", "testSupport"],
]

/// What every module may import without a declaration: the standard library and the system's own modules.
private let systemModules: Set = [
    "Swift", "Synchronization", "RegexBuilder", "Observation", "Dispatch", "Foundation", "FoundationEssentials",
    "Glibc", "Musl", "Darwin",
]

/// Modules that use one of a layer above them, or that stand in a layer without a rule.
func layerFindings(in table: PackageTable) -> [Finding] {
    let layers = Dictionary(table.modules.map { ($0.name, $0.layer) }, uniquingKeysWith: { first, _ in first })
    return table.modules.flatMap { module -> [Finding] in
        guard let usable = usableLayers[module.layer] else {
            return [manifestFinding("\(module.name) stands in the layer \(module.layer), which has no rule")]
        }
        return module.uses.compactMap { used in
            guard let layer = layers[used] else {
                return manifestFinding("\(module.name) uses \(used), which is no row of the table")
            }
            guard !usable.contains(layer) else { return nil }
            return manifestFinding(
                "\(module.name) (\(module.layer)) may not use \(used) (\(layer)): move what both need down"
            )
        }
    }
}

/// Imports that the file's module does not declare, and files that belong to no row.
func importFindings(in sources: [SwiftSource], table: PackageTable) -> [Finding] {
    sources.filter { $0.path.hasPrefix("Sources/") }.flatMap { source -> [Finding] in
        guard let module = table.module(ofFile: source.path) else {
            return [Finding(path: source.path, reason: "belongs to no row of the table in Package.swift")]
        }
        let declared = systemModules.union(module.uses).union(module.products).union([module.name])
        return source.imports.filter { !declared.contains($0.module) }.map { undeclared in
            Finding(
                path: source.path,
                line: undeclared.line,
                reason:
                    "imports \(undeclared.module), which the row of \(module.name) in Package.swift does not declare"
            )
        }
    }
}

private func manifestFinding(_ reason: String) -> Finding {
    Finding(path: "Package.swift", reason: reason)
}
