/// Backends that take the place of others.
extension ModelAssembly {
    /// Looks up what customers say about backends.
    mutating func replaceBackends(
        of customers: inout [Customer],
        _ declarations: [Named<String, CustomerDeclaration>]
    ) {
        var declared: [String: [Named<String, Located<TargetReference>>]] = [:]
        for declaration in declarations {
            guard let backends = declaration.value?.backends, !backends.isEmpty else { continue }
            declared[declaration.key] = backends
        }
        guard !declared.isEmpty else { return }
        let originals = Dictionary(backends.map { ($0.name, $0) }) { first, _ in first }
        for index in customers.indices {
            guard let entries = declared[customers[index].id] else { continue }
            customers[index].backends = entries.compactMap { replacement($0, among: originals) }
        }
    }

    /// The replacement that is written, which is to be used only when there are no faults.
    mutating func replacement(
        _ written: Named<String, Located<TargetReference>>,
        among originals: [String: Backend]
    ) -> BackendReplacement? {
        guard isBackend(written.key, at: written.location), let target = written.value else { return nil }
        switch target.value {
        case .backend(let name):
            guard isBackend(name, at: target.location) else { return nil }
            return BackendReplacement(written.key, by: name)
        case .url(let url, _):
            guard let original = originals[written.key] else { return nil }
            return twin(of: original, at: url, target.location).map { BackendReplacement(written.key, by: $0) }
        }
    }

    private mutating func isBackend(_ name: String, at location: SourceLocation) -> Bool {
        if backendNames.contains(name) { return true }
        let isOneOfMany = faults.count > 100
        let suggestion = isOneOfMany ? nil : Spelling.closest(to: name, among: backendNames.sorted())
        faults.add("no backend has this name", at: location, text: name, suggestion: suggestion)
        return false
    }

    /// A backend at a URL with all other settings of another one, made when it is first asked for. Its name says both, and has an
    /// `@`, which no name in the file has.
    private mutating func twin(of original: Backend, at url: BackendURL, _ location: SourceLocation) -> String? {
        do throws(Fault) {
            // A prefix is literal: its parameters would belong to no route.
            let prefix = try BasePath(url.path ?? "/")
            let path = prefix == .root ? "" : prefix.description
            let name = "\(original.name)@\(url.origin)\(path)"
            guard backendNames.insert(name).inserted else { return name }
            var twin = original
            twin.name = name
            twin.targets = [Backend.Target(scheme: url.scheme, host: url.host, port: url.port, pathPrefix: path)]
            twin.source = location
            backends.append(twin)
            return name
        } catch {
            faults.add(error, at: location)
            return nil
        }
    }
}
